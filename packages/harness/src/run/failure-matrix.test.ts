import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@cto/bundle-store";
import {
  type EventName,
  FAILURE_CODE_NAMES,
  FAILURE_CODES,
  type FailureCode,
  failureEvents,
} from "@cto/evidence-interface";
import { exitCodeOf } from "@cto/gates";
import { createBubblewrapSandbox } from "@cto/sandbox";
import { beforeAll, describe, expect, it } from "vitest";
import { createApprover, decideOpen, type Wish } from "../__fixtures__/approver-kit.ts";
import { climb, copyPlace, createPlace, git, type Place, runApproved, runAt } from "../__fixtures__/ladder-kit.ts";
import {
  codesOf,
  createFolder,
  during,
  type KitOptions,
  runKit,
  type SeenRun,
  writeFiles,
} from "../__fixtures__/run-kit.ts";

/** How a code is reached, and where its blocker says more than the table. */
interface Row {
  readonly run: () => Promise<SeenRun>;
  /** The event that carries it, where it is not the table's. */
  readonly event?: EventName;
  /** The hint, where it is not the table's. */
  readonly hint?: RegExp;
  readonly message: RegExp;
  /** True where the change of the source is the very thing that is reported. */
  readonly sourceChanges?: true;
}

const change = { write: { path: "a.txt", text: "new\n" } };
const withSteps = (...steps: readonly unknown[]): KitOptions => ({ steps });
const failing = (reason: string): KitOptions => withSteps(change, { fail: { reason, message: "so it is" } });
const approval = { approval: { required: true } };

/** Asks at stage 2, has it decided, and runs with these changes to the contract. */
async function runDecided(wish: Wish, task: object = {}): Promise<SeenRun> {
  const store = openStore({ home: createFolder() });
  const signer = await createApprover(store.home);
  await runKit({ store, task: approval });
  await decideOpen(store, signer, wish);
  return runKit({ store, task: { ...approval, ...task } });
}

function withPolicy(policy: object): KitOptions {
  const home = createFolder();
  writeFiles(home, { "cto/config.yaml": JSON.stringify({ schema: "cto.config.v1", policy }) });
  return { store: openStore({ home }) };
}

let climbed: Place;
beforeAll(async () => {
  climbed = await createPlace();
  await climb(climbed, 4);
});

const matrix: Readonly<Record<FailureCode, Row>> = {
  dirty_starting_tree: {
    run: () => {
      const place = copyPlace(climbed);
      writeFileSync(join(place.target, "a.txt"), "half done\n");
      return runAt(place, 3);
    },
    message: /0 staged, 1 unstaged and 0 untracked/,
  },
  gate_missing: { run: () => runKit({ stage: 1 }), message: /stage-permits-execution/ },
  stage_not_proven: {
    run: async () => runAt(await createPlace(), 4),
    message: /stage 3 is not proven/,
    hint: /cto ladder --explain/,
  },
  policy_widened: { run: () => runKit(withPolicy({ allowed_paths: ["docs/"] })), message: /allowed_paths/, hint: /./ },
  engine_not_admitted: {
    run: () => runKit(withPolicy({ engines: ["codex"] })),
    message: /engine-admitted: fail/,
    hint: /engines/,
  },
  model_not_admitted: {
    run: () => runKit({ model: { provider: "acme", model: "large-1" } }),
    message: /acme\/large-1/,
    hint: /cto admit/,
  },
  target_not_admitted: {
    run: () => {
      const place = copyPlace(climbed);
      rmSync(join(place.store.home, "cto/admissions/site.json"));
      return runAt(place, 5);
    },
    message: /the target: missing_admission/,
    hint: /cto admit target/,
  },
  sandbox_unavailable: {
    run: () => runKit({ sandbox: createBubblewrapSandbox({ toolchains: [], bwrap: "/nonexistent/bwrap" }) }),
    message: /sandbox-available: fail/,
  },
  provider_config_missing: { run: () => runKit({ steps: null }), message: /fake\.yaml/ },
  provider_auth_unavailable: {
    run: () => runKit(failing("provider-auth")),
    event: "run.completed",
    message: /so it is/,
  },
  provider_response_shape: {
    run: () => runKit(failing("provider-response-shape")),
    event: "run.completed",
    message: /so it is/,
  },
  approval_missing: {
    run: () => runKit({ task: approval }),
    message: /nobody was asked before/,
    hint: /cto approve [0-9a-f]{12}/,
  },
  approval_expired: {
    run: () => runDecided({ decidedAt: new Date(Date.now() - 61 * 60_000) }),
    message: /the approval ended at/,
    hint: /cto approve [0-9a-f]{12}/,
  },
  approval_consumed: {
    run: async () => {
      const { store } = await runDecided({});
      return runKit({ store, task: approval });
    },
    message: /has spent the approval/,
    hint: /cto approve [0-9a-f]{12}/,
  },
  approval_mismatch: {
    run: () => runDecided({}, { title: "Another title" }),
    message: /the task contract was/,
    hint: /cto approve [0-9a-f]{12}/,
  },
  approval_denied: {
    run: () => runDecided({ decision: "denied", reason: "not now" }),
    message: /alice said no: not now/,
  },
  engine_failed: { run: () => runKit(failing("failed")), message: /so it is/ },
  no_diff: { run: () => runKit(withSteps()), message: /no change at all/ },
  disallowed_file_change: {
    run: () => runKit(withSteps({ write: { path: "b.txt", text: "x" } })),
    message: /no rule of allowed_paths permits: b\.txt/,
  },
  forbidden_path_change: {
    run: () => runKit({ ...withSteps({ write: { path: "b.txt", text: "x" } }), task: { forbidden_paths: ["b.txt"] } }),
    message: /forbidden: b\.txt/,
  },
  protected_test_changed: {
    run: () => runKit({ ...withSteps({ delete: "b.txt" }), task: { protected_paths: ["b.txt"] } }),
    message: /protected: b\.txt/,
  },
  hidden_mutation: {
    run: () => runKit(withSteps(change, { write: { path: ".git/hooks/pre-commit", text: "#!/bin/sh\n" } })),
    message: /\.git\/hooks\/pre-commit added/,
  },
  source_mutated: {
    run: () => {
      const place = copyPlace(climbed);
      return runAt(
        place,
        3,
        during("engine", () => git(place.target, "branch", "meanwhile")),
      );
    },
    message: /not as it was before the run/,
    sourceChanges: true,
  },
  secret_leak: {
    run: () => runKit(withSteps({ write: { path: "a.txt", text: `${["gh", "p_", "a".repeat(36)].join("")}\n` } })),
    message: /a\.txt:1 \(github-token\)/,
  },
  verification_failed: {
    run: () => runKit(withSteps({ write: { path: "a.txt", text: "other\n" } })),
    message: /check/,
  },
  tests_skipped: {
    run: () =>
      runKit({
        fixture: { "a.txt": "TAP version 13\nok 1 - a\n1..1\n" },
        steps: [{ write: { path: "a.txt", text: "TAP version 13\nok 1 - a # SKIP\n1..1\n" } }],
        task: { verification: [{ id: "check", run: ["cat", "a.txt"], reads: "tap", compare_baseline: true }] },
      }),
    message: /skipped/,
  },
  claim_mismatch: { run: () => runKit(withSteps(change, { claim: { files: ["b.txt"] } })), message: /b\.txt/ },
  patch_not_applicable: {
    // What setup added is in the tree that was verified, and not in the patch that is landed.
    run: () => runApproved(copyPlace(climbed), 4, { task: { setup: [{ run: ["touch", "made.txt"] }] } }),
    message: /does not land in the throwaway repository: the patch gives the tree/,
  },
  missing_test_command: {
    run: () => runKit({ task: { verification: [{ id: "check", run: ["no-such-tool"] }] } }),
    message: /no-such-tool/,
  },
  reviewer_rejected: { run: () => runKit(failing("reviewer-rejected")), message: /so it is/ },
  missing_required_event: {
    run: () => runKit(withSteps(change, { exit: 0 })),
    message: /without its own terminal event/,
  },
  dirty_ending_tree: {
    run: () => runKit(withSteps(change, { commit: "done" }, { write: { path: "a.txt", text: "new and more\n" } })),
    message: /its last commit is not what it left/,
  },
  artifact_write_failure: {
    run: () =>
      runKit({
        ...withSteps({ print: { text: "x".repeat(1000), repeat: 100 } }, change),
        task: { budget: { artifact_bytes: 20_000 } },
      }),
    message: /budget\.artifact_bytes \(20000 bytes\)/,
  },
  forbidden_action_attempted: {
    run: () => runKit({ ...withSteps(change, { attempt: { name: "push" } }), task: { forbidden_actions: ["push"] } }),
    message: /push \(source: claim/,
  },
  timeout: {
    run: () => runKit({ ...withSteps(change, { sleep: 30 }), task: { budget: { wall_seconds: 1 } } }),
    message: /budget\.wall_seconds \(1 s\)/,
  },
  engine_crashed: { run: () => runKit(withSteps(change, { signal: "SIGKILL" })), message: /SIGKILL/ },
  agent_protocol_error: { run: () => runKit(failing("protocol-error")), message: /so it is/ },
  provider_unavailable: { run: () => runKit(failing("provider-unavailable")), message: /so it is/ },
  budget_exceeded: {
    run: () =>
      runKit({
        ...withSteps(change, { use: { input_tokens: 900, output_tokens: 200 } }, { sleep: 30 }),
        task: { budget: { tokens: 1000 } },
      }),
    message: /1100 tokens were used, budget\.tokens is 1000/,
  },
  interrupted: {
    run: () => {
      const controller = new AbortController();
      return runKit({
        ...withSteps(change, { sleep: 30 }),
        signal: controller.signal,
        ...during("engine", () => controller.abort()),
      });
    },
    message: /interrupted before it was done/,
  },
  target_moved: {
    run: () => {
      const place = copyPlace(climbed);
      return runApproved(
        place,
        5,
        during("engine", () => git(place.target, "commit", "-q", "--allow-empty", "-m", "Meanwhile")),
      );
    },
    message: /HEAD moved while the engine worked/,
    sourceChanges: true,
  },
};

describe("the failure matrix, through the pipeline", () => {
  it("reaches every code", () => {
    expect(Object.keys(matrix).sort()).toEqual(FAILURE_CODE_NAMES);
  });

  it.concurrent.each(Object.entries(matrix) as [FailureCode, Row][])("%s", async (code, row) => {
    const run = await row.run();
    const entry = FAILURE_CODES[code];
    const event = row.event ?? entry.event;
    expect(codesOf(run)).toEqual([code]);
    expect(failureEvents(code)).toContain(event);
    const [blocker] = run.report.blockers;
    expect(blocker).toMatchObject({ code, event, message: expect.stringMatching(row.message) });
    expect(blocker?.hint).toEqual(row.hint === undefined ? entry.hint : expect.stringMatching(row.hint));
    expect(run.outcome).toMatchObject({ status: entry.status, sealed: true, landing: "none" });
    expect(exitCodeOf(run.outcome.status)).toBe(entry.status === "fail" ? 1 : 3);
    const carriers = run.events.filter(({ data }) => (data.blockers as readonly string[]).includes(code));
    expect(carriers.map((one) => one.event)).toEqual([event]);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: entry.status });
    if (entry.status !== "blocked") return;
    expect(JSON.parse(run.read("proofs/no-effect.json"))).toMatchObject({
      equal: row.sourceChanges !== true,
      process_started: run.report.process_started,
      processes_left: 0,
    });
  });
});
