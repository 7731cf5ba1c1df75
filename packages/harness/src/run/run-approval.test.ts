import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, revokeKey, verifyRunDirectory } from "@cto/bundle-store";
import type { Engine, EngineTask } from "@cto/engine-interface";
import { type Report, toCanonicalJson } from "@cto/evidence-interface";
import { beforeAll, describe, expect, it } from "vitest";
import { createApprover, decideOpen, openPackets, signDecision, type Wish } from "../__fixtures__/approver-kit.ts";
import { createKitEngine, createListeningEngine, createOtherBuild, writeTask } from "../__fixtures__/governed-run.ts";
import { copyPlace, createPlace, git, type Place, runAt } from "../__fixtures__/ladder-kit.ts";
import { codesOf, createFolder, eventsOf, type KitOptions, type SeenRun, writeFiles } from "../__fixtures__/run-kit.ts";
import { closeInterruptedRuns } from "../index.ts";

const change = { write: { path: "a.txt", text: "new\n" } };

/** Stage 3 of the fake stands on no rung, so only the approval decides. */
const ask = (place: Place, options: KitOptions = {}): Promise<SeenRun> =>
  runAt(place, 3, { ...options, task: { approval: { required: true }, ...options.task } });

const approvalFolder = ({ store }: Place, packet: string): string => join(store.root, "approvals", packet);
const messageOf = (run: SeenRun): string => run.outcome.blockers[0]?.message ?? "";

/** A place where somebody was asked, and nobody has answered. */
let asked: Place;
beforeAll(async () => {
  asked = await createPlace();
  expect(codesOf(await ask(asked))).toEqual(["approval_missing"]);
});

async function granted(wish: Wish = {}): Promise<Place & { readonly packet: string }> {
  const place = copyPlace(asked);
  return { ...place, packet: await decideOpen(place.store, place.approver, wish) };
}

const localModel = { provider: "local", model: "small" };

function admitModel({ store }: Place): void {
  const common = { approval_source: "board", approval_timestamp: "2026-01-01T08:00:00.000Z", review_trigger: "never" };
  const decision = {
    schema: "cto.provider-decision.v1",
    decision: "local_provider_required",
    reason: "private",
    ...common,
  };
  const access = { credential_source: "none", network: "loopback", prices: null, status: "admitted" };
  const model = { schema: "cto.model-admission.v1", id: "local", ...common, ...localModel, ...access };
  const files = { "cto/admissions/d.json": JSON.stringify(decision), "cto/admissions/m.json": JSON.stringify(model) };
  writeFiles(store.home, files);
}

/** Puts bytes in the place of a decision, as anybody can who may write there. */
function plant(place: Place, packet: string, bytes: string): void {
  writeFileSync(join(approvalFolder(place, packet), "decision.json"), bytes);
}

describe("an approval", () => {
  it("is asked for, granted from another home, claimed before the engine starts, and consumed in the evidence", async () => {
    const place = copyPlace(asked);
    const [packet = ""] = openPackets(place.store);
    const shown = JSON.parse(readFileSync(join(approvalFolder(place, packet), "packet.json"), "utf8"));
    expect(shown).toMatchObject({
      task_id: "kit-task",
      stage: 3,
      base_commit: git(place.target, "rev-parse", "HEAD"),
      engine: { id: "fake" },
      model: null,
      allowed_paths: ["a.txt"],
      validation_commands: [["grep", "-q", "new", "a.txt"]],
      attempt: 1,
    });
    expect(shown.sentence).toMatch(
      /^Let fake \S+ change a\.txt in a copy of the repository .*, once, for "A task of the tests"\.$/,
    );
    expect(existsSync(join(place.store.root, "keys"))).toBe(false);
    await decideOpen(place.store, place.approver);
    const run = await ask(place);
    expect(codesOf(run)).toEqual([]);
    expect(run.report.approval_status).toBe("consumed");
    expect(eventsOf(run).slice(3, 7)).toEqual([
      "plan.updated",
      "approval.requested",
      "approval.granted",
      "engine.started",
    ]);
    for (const name of ["packet", "decision", "claim"]) {
      const stored = readFileSync(join(approvalFolder(place, packet), `${name}.json`), "utf8");
      expect(run.read(`proofs/approval-${name}.json`)).toBe(stored);
    }
    expect(JSON.parse(run.read("proofs/approval-claim.json"))).toMatchObject({
      packet_sha256: packet,
      run_id: run.outcome.runId,
    });
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("serves one run: the next asks anew under the next attempt, and a new grant serves the next", async () => {
    const place = await granted();
    expect(codesOf(await ask(place))).toEqual([]);
    const replayed = await ask(place);
    expect(codesOf(replayed)).toEqual(["approval_consumed"]);
    expect(replayed.report.process_started).toBe(false);
    const second = await decideOpen(place.store, place.approver);
    expect(second).not.toBe(place.packet);
    expect(codesOf(await ask(place))).toEqual([]);
  });

  it("ends in time, and the next attempt can be granted", async () => {
    const place = await granted({ decidedAt: new Date(Date.now() - 61 * 60_000) });
    expect(codesOf(await ask(place))).toEqual(["approval_expired"]);
    await decideOpen(place.store, place.approver);
    expect(codesOf(await ask(place))).toEqual([]);
  });

  it("that was denied stays denied, with who and why in the evidence; another contract is another question", async () => {
    const place = await granted({ decision: "denied", reason: "too wide" });
    const run = await ask(place);
    expect(codesOf(run)).toEqual(["approval_denied"]);
    expect(run.report.approval_status).toBe("denied");
    expect(messageOf(run)).toContain("alice said no: too wide");
    expect(eventsOf(run).slice(-3)).toEqual(["approval.requested", "approval.denied", "run.completed"]);
    expect(run.verified.verdict).toBe("unsigned");
    expect(codesOf(await ask(place))).toEqual(["approval_denied"]);
    expect(codesOf(await ask(place, { task: { title: "Another title" } }))).toEqual(["approval_missing"]);
    expect(openPackets(place.store)).toHaveLength(1);
  });
});

describe("an approval for something else does not count, and the message says what differs", () => {
  const otherVersion = (): Engine => {
    const engine = createKitEngine();
    return { ...engine, doProbe: async (input) => ({ ...(await engine.doProbe(input)), version: "99.0.0" }) };
  };
  it.each<[string, RegExp, (place: Place) => KitOptions]>([
    ["the contract", /the task contract was/, () => ({ task: { brief: "Change more." } })],
    [
      "the base commit",
      /the base commit was [0-9a-f]{40} and is [0-9a-f]{40}/,
      ({ target }) => {
        git(target, "commit", "-q", "--allow-empty", "-m", "Second");
        return {};
      },
    ],
    [
      "the engine's executable",
      /the engine was fake \S+ [0-9a-f]+ and is fake/,
      () => ({ engine: createOtherBuild(createFolder()) }),
    ],
    ["the engine's version", /and is fake 99\.0\.0/, () => ({ engine: otherVersion() })],
    [
      "the model",
      /the model was none and is local small/,
      (place) => {
        admitModel(place);
        return { model: localModel };
      },
    ],
    [
      "the policy",
      /the policy was/,
      ({ store }) => {
        writeFiles(store.home, { "cto/config.yaml": "schema: cto.config.v1\npolicy: {forbidden_paths: [secret/]}\n" });
        return {};
      },
    ],
  ])("%s", async (_what, message, alter) => {
    const place = await granted();
    const run = await ask(place, alter(place));
    expect(codesOf(run)).toEqual(["approval_mismatch"]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
    expect(existsSync(join(approvalFolder(place, place.packet), "claim.json"))).toBe(false);
    expect(openPackets(place.store)).toHaveLength(1);
  });
});

describe("a decision that nobody may rely on is none", () => {
  const edit = (bytes: string): string => {
    const envelope = JSON.parse(bytes) as { payload: string };
    const document = Buffer.from(envelope.payload, "base64").toString().replace('"granted"', '"denied"');
    return `${toCanonicalJson({ ...envelope, payload: Buffer.from(document).toString("base64") })}\n`;
  };

  it.each<[string, string, RegExp, (place: Place, packet: string) => Promise<void> | void]>([
    [
      "a stranger's key",
      "approval_missing",
      /its key is not in cto\/keys\/trusted\.json/,
      async ({ store }, packet) => {
        const stranger = await createApprover(createFolder(), []);
        await store.approvals.writeDecision(packet, signDecision(stranger, packet));
      },
    ],
    [
      "a key with another role",
      "approval_missing",
      /its key harry is trusted as harness and not as approver/,
      async ({ store }, packet) => {
        const harness = await createApprover(store.home, ["harness"], "harry");
        await store.approvals.writeDecision(packet, signDecision(harness, packet));
      },
    ],
    [
      "a key that was revoked since",
      "approval_missing",
      /its key is not in cto\/keys\/trusted\.json/,
      async ({ approver, store }) => {
        await decideOpen(store, approver);
        await revokeKey(store.home, approver.publicKey.keyid);
      },
    ],
    [
      "a signature over other bytes",
      "approval_missing",
      /signature/,
      async (place, packet) => {
        await decideOpen(place.store, place.approver);
        plant(place, packet, edit(readFileSync(join(approvalFolder(place, packet), "decision.json"), "utf8")));
      },
    ],
    [
      "a date in the future",
      "approval_missing",
      /dated in the future/,
      async ({ approver, store }) =>
        void (await decideOpen(store, approver, { decidedAt: new Date(Date.now() + 3_600_000) })),
    ],
    [
      "copied from another packet",
      "approval_mismatch",
      /signed for another packet/,
      (place, packet) => plant(place, packet, `${toCanonicalJson(signDecision(place.approver, "f".repeat(64)))}\n`),
    ],
    ["no JSON", "approval_missing", /cannot be read/, (place, packet) => plant(place, packet, "{")],
    [
      "a link",
      "approval_missing",
      /decision\.json/,
      async (place, packet) => {
        await decideOpen(place.store, place.approver);
        const file = join(approvalFolder(place, packet), "decision.json");
        renameSync(file, join(place.root, "decision.json"));
        symlinkSync(join(place.root, "decision.json"), file);
      },
    ],
    [
      "a list of trusted keys that cannot be believed",
      "approval_missing",
      /cto\/keys\/trusted\.json/,
      async ({ approver, store }) => {
        await decideOpen(store, approver);
        writeFiles(store.home, { "cto/keys/trusted.json": '{"schema": "cto.trusted-keys.v1", "keys": [], "more": 1}' });
      },
    ],
  ])("%s", async (_what, code, message, prepare) => {
    const place = copyPlace(asked);
    const [packet = ""] = openPackets(place.store);
    await prepare(place, packet);
    const run = await ask(place);
    expect(codesOf(run)).toEqual([code]);
    expect(messageOf(run)).toMatch(message);
    expect(run.report.process_started).toBe(false);
    expect(run.verified.verdict).toBe("unsigned");
    expect(existsSync(join(approvalFolder(place, packet), "claim.json"))).toBe(false);
  });
});

describe("what an approver narrows", () => {
  const wide = { task: { allowed_paths: ["a.txt", "docs/"] } };
  const grantWide = async (wish: Wish): Promise<Place> => {
    const place = copyPlace(asked);
    await ask(place, wide);
    const packet = openPackets(place.store).find((one) => one !== openPackets(asked.store)[0]) ?? "";
    await place.store.approvals.writeDecision(packet, signDecision(place.approver, packet, wish));
    return place;
  };
  const both = [change, { write: { path: "docs/new.md", text: "new\n" } }];

  it.each([
    ["forbids", { forbidden_paths: ["docs/"] }, "forbidden_path_change"],
    ["no longer allows", { allowed_paths: ["a.txt"] }, "disallowed_file_change"],
  ])(
    "%s a path holds for what the engine really changes, and stands in the evidence",
    async (_what, narrowing, code) => {
      const place = await grantWide({ narrowing });
      const run = await ask(place, { ...wide, steps: both });
      expect(codesOf(run)).toEqual([code]);
      expect(messageOf(run)).toContain("docs/new.md");
      const { rules } = JSON.parse(run.read("proofs/policy.json"));
      expect(rules.filter(({ layer }: { layer: string }) => layer === "approval")).toHaveLength(1);
      expect(run.verified).toMatchObject({ verdict: "unsigned", status: "fail" });
    },
  );

  it("lets what is left pass", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] } });
    const run = await ask(place, wide);
    expect(codesOf(run)).toEqual([]);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "pass" });
  });

  it("is told to the engine", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] } });
    const told: EngineTask[] = [];
    const engine = createListeningEngine(told);
    expect(codesOf(await ask(place, { ...wide, engine }))).toEqual([]);
    expect(told).toMatchObject([{ allowed_paths: ["a.txt"], forbidden_paths: ["docs/"] }]);
  });

  it("never widens: then nothing is spent", async () => {
    const place = await grantWide({ narrowing: { allowed_paths: ["a.txt", "b.txt"] } });
    const run = await ask(place, wide);
    expect(codesOf(run)).toEqual(["policy_widened"]);
    expect(messageOf(run)).toMatch(/alice.*allowed_paths\[1\].*b\.txt/);
    expect(run.verified).toMatchObject({ verdict: "unsigned", status: "blocked" });
    expect(place.store.approvals.list().some((row) => row.kind === "readable" && row.claim !== null)).toBe(false);
  });
});

describe("one approval, once", () => {
  it("of two runs that race for it exactly one starts its engine", async () => {
    const place = await granted();
    const runs = await Promise.all([ask(place), ask(place)]);
    expect(runs.map(codesOf).sort()).toEqual([[], ["approval_consumed"]]);
    expect(runs.filter(({ report }) => report.process_started)).toHaveLength(1);
    expect(runs.map(({ verified }) => verified.verdict)).toEqual(["unsigned", "unsigned"]);
  });

  it("a run that is killed after its claim has spent it, and the closed bundle says so", async () => {
    const place = copyPlace(asked);
    admitModel(place);
    const folder = createFolder();
    const steps = [change, { sleep: 60 }];
    const task = { stage: 6, id: "killed-task", approval: { required: true } };
    const options: KitOptions = { model: localModel, task };
    expect(codesOf(await ask(place, options))).toEqual(["approval_missing"]);
    const packet = openPackets(place.store).find((one) => !openPackets(asked.store).includes(one)) ?? "";
    await place.store.approvals.writeDecision(packet, signDecision(place.approver, packet));
    writeTask(folder, { steps, task });
    const script = fileURLToPath(new URL("../__fixtures__/run-process.ts", import.meta.url));
    const given = JSON.stringify({ stage: 3, target: { directory: place.target }, model: localModel });
    const argv = ["--conditions=@cto/source", script, folder, place.store.home, given];
    const child = spawn(process.execPath, argv, { stdio: "ignore" });
    const ended = once(child, "exit");
    await until(() => isEngineAtWork(place));
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(join(approvalFolder(place, packet), "claim.json"))).toBe(true);
    const [closed] = await closeInterruptedRuns(place.store);
    expect(closed).toMatchObject({ closed: true });
    const directory = join(place.store.root, "runs", closed?.runId ?? "");
    const report = JSON.parse(readFileSync(join(directory, "report.json"), "utf8")) as Report;
    expect(report).toMatchObject({
      status: "blocked",
      approval_status: "consumed",
      process_started: true,
      model: localModel,
    });
    expect(report.blockers.map(({ code }) => code)).toEqual(["interrupted"]);
    expect(verifyRunDirectory(directory)).toMatchObject({ verdict: "unsigned", status: "blocked" });
    const next = await ask(place, options);
    expect(codesOf(next)).toEqual(["approval_consumed"]);
    expect(messageOf(next)).toContain(closed?.runId);
  });

  it("a run that cannot make its workspace does not spend it", async () => {
    const place = await createPlace();
    writeFiles(place.target, { ".gitignore": "vendor/\n" });
    git(place.target, "add", "-A");
    git(place.target, "commit", "-q", "-m", "Ignore vendor");
    const task = { bring: ["vendor/"] };
    await ask(place, { task });
    const packet = await decideOpen(place.store, place.approver);
    const early = await ask(place, { task });
    expect(codesOf(early)).toEqual(["gate_missing"]);
    expect(messageOf(early)).toContain("bring: vendor");
    expect(early.verified.verdict).toBe("unsigned");
    expect(readdirSync(approvalFolder(place, packet)).sort()).toEqual(["decision.json", "packet.json"]);
    mkdirSync(join(place.target, "vendor"));
    expect(codesOf(await ask(place, { task }))).toEqual([]);
  });
});

describe("out of the engine's reach", () => {
  it("an approval without isolation is refused, and nobody is asked", async () => {
    const place = copyPlace(asked);
    const run = await runAt(place, 2, { isolation: "none", task: { approval: { required: true } } });
    expect(codesOf(run)).toEqual(["gate_missing"]);
    expect(messageOf(run)).toContain("without isolation the engine could sign its own approval");
    expect(run.report.process_started).toBe(false);
    expect(openPackets(place.store)).toEqual(openPackets(asked.store));
    expect(run.verified.verdict).toBe("unsigned");
  });

  it("the engine sees neither keys, packets, records nor the home that they lie in", async () => {
    const place = await createPlace();
    const home = openStore({ home: place.store.home });
    home.keys.createKey({ name: "alice" });
    const names = [
      "packet.json",
      "decision.json",
      "claim.json",
      "alice.pem",
      "trusted.json",
      "site.json",
      "ledger.ndjson",
    ];
    const search = ["find", "/", "(", "-path", "/proc", "-o", "-path", "/usr", ")", "-prune", "-o"];
    const wanted = names.flatMap((name, index) => [...(index === 0 ? [] : ["-o"]), "-name", name]);
    const steps = [
      { run: { argv: [...search, "(", ...wanted, ")", "-print"], ok_to_fail: true } },
      { run: { argv: ["ls", "-d", place.store.root, place.store.home, place.target], ok_to_fail: true } },
      { run: { argv: ["sh", "-c", "echo looked"] } },
      change,
    ];
    await ask(place, { steps });
    await decideOpen(place.store, place.approver);
    const run = await ask(place, { steps });
    expect(codesOf(run)).toEqual([]);
    const noise = run
      .read("backend/engine.stdout.log")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("{"));
    expect(noise).toEqual(["looked"]);
  });
});

/** The sleep of the script has begun. */
function isEngineAtWork({ store }: Place): boolean {
  return store
    .listRunDirectories()
    .some((directory) => readFileSync(join(directory, "events.normalized.jsonl"), "utf8").includes("engine.started"));
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !isTrue(); ) {
    if (Date.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
