import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "@cto/engine-interface";
import { messageOf, oneLine, systemCode } from "@cto/errors";
import type { CasesRun, IsolationKind } from "@cto/evidence-interface";
import { exitCodeOf } from "@cto/gates";
import { runGit } from "@cto/git-state";
import { createHarnessError } from "../harness-error.ts";
import type { RunOutcome, RunRequest } from "../run/run-request.ts";
import { type LoadedTask, loadTask } from "./load-task.ts";
import { type Expectation, parseExpectation } from "./parse-expectation.ts";
import { readPlainFile } from "./read-plain-file.ts";

export interface RunCasesOptions {
  readonly ids: readonly string[];
  readonly caseFolders: readonly string[];
  readonly cwd: string;
  /** A folder for prepared targets; emptied after each case. */
  readonly scratch: string;
  readonly engine: Engine;
  readonly isolation: IsolationKind;
  /** Runs one request through the real pipeline. */
  readonly run: (request: RunRequest) => Promise<RunOutcome>;
  readonly onCase: (item: CasesRun["items"][number]) => void;
}

/**
 * Runs cases one after the other and puts what came out beside what their `expect.yaml` says. Throws before the first one runs `TASK_*` and
 * `CASE_EXPECTATION_*`; later what `run` throws.
 */
export async function runCases(options: RunCasesOptions): Promise<CasesRun["items"]> {
  const cases = [];
  for (const id of options.ids) {
    const loaded = await loadTask({ selector: id, cwd: options.cwd, caseFolders: options.caseFolders });
    cases.push({ id, loaded, expectation: await readExpectation(id, loaded) });
  }
  const items: CasesRun["items"] = [];
  for (const { id, loaded, expectation } of cases) {
    const outcome = await runCase(options, loaded, expectation);
    const first = outcome.blockers[0];
    const seen = {
      status: outcome.status,
      code: first?.code ?? null,
      event: first?.event ?? null,
      exit: exitCodeOf(outcome.status),
      run_id: outcome.runId,
    };
    const { expect: expected } = expectation;
    const ok =
      seen.status === expected.status &&
      seen.code === expected.code &&
      seen.event === expected.event &&
      seen.exit === expected.exit;
    const item = { case: id, expected, seen, ok };
    items.push(item);
    options.onCase(item);
  }
  return items;
}

async function readExpectation(id: string, { directory }: LoadedTask): Promise<Expectation> {
  const file = `${id}/expect.yaml`;
  let text: string;
  try {
    text = await readPlainFile(join(directory, "expect.yaml"));
  } catch (cause) {
    const system = systemCode(cause) ?? null;
    const details = { file, system };
    if (system === "ENOENT")
      throw createHarnessError("CASE_EXPECTATION_MISSING", `the case ${id} has no expect.yaml`, {
        hint: `Write ${file}, or name the cases to run; \`cto run ${id}\` needs none.`,
        details,
        cause,
      });
    throw createHarnessError(
      "CASE_EXPECTATION_UNREADABLE",
      `${file} cannot be read (${system ?? oneLine(messageOf(cause), 80)})`,
      {
        hint: "Check that it is a plain file of at most 1 MiB and that you may read it.",
        details,
        cause,
      },
    );
  }
  return parseExpectation({ file, text });
}

async function runCase(options: RunCasesOptions, loaded: LoadedTask, expectation: Expectation): Promise<RunOutcome> {
  const { stage, target } = expectation.invoke;
  const { engine, isolation } = options;
  const request = { loaded, engine, requestedStage: stage, isolation, model: null, retain: false };
  if (target === "none") return options.run({ ...request, target: null });
  const directory = join(options.scratch, "target");
  try {
    await prepareTarget(loaded, directory, target === "dirty");
    return await options.run({ ...request, target: { directory } });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A git repository with one commit of the case's fixture, and one uncommitted file if it is to be dirty. */
async function prepareTarget(loaded: LoadedTask, directory: string, dirty: boolean): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  if (loaded.fixture !== null) await cp(loaded.fixture, directory, { recursive: true, verbatimSymlinks: true });
  const place = { kind: "directory", path: directory } as const;
  const config = { "user.name": "cto", "user.email": "cto@cto.invalid" };
  await runGit({ args: ["init", "-q", "-b", "main"], place });
  await runGit({ args: ["add", "-A"], place });
  await runGit({ args: ["commit", "-q", "-m", "fixture"], place, config });
  if (dirty) await writeFile(join(directory, "uncommitted.txt"), "not committed\n");
}
