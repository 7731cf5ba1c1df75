import { mkdir } from "node:fs/promises";
import { CtoError, oneLine } from "@cto/errors";
import type { SetupStep } from "@cto/gates";
import { type Checkout, checkOut, createBaseline, takeSnapshot, writeResultTree } from "@cto/workspace";
import { createOutputTail } from "../run/output-tail.ts";
import { describeEnd } from "../run/process-end.ts";
import { endIfStopped, hidePlaces, type PreparedWorkspace, type RunContext } from "../run/run-context.ts";
import { type BroughtFolder, bringFolders } from "./bring-folders.ts";
import { refuseStart } from "./refuse-start.ts";

/** Both work trees of a run. The second one is not touched until the engine has gone. */
export interface WorkTrees {
  readonly workspace: PreparedWorkspace;
  /** Stands at the same tree as the workspace did before the engine. */
  readonly fresh: Checkout;
  readonly brought: readonly BroughtFolder[];
}

/** Copies the source into a private baseline, makes both work trees from it, runs `setup` in both, and takes the first snapshot. */
export async function makeWorkspace(context: RunContext): Promise<WorkTrees> {
  const { draft, folders, record, repository, request } = context;
  endIfStopped(context);
  await mkdir(folders.scratch, { recursive: true, mode: 0o700 });
  const source =
    repository === null
      ? ({ kind: "fixture", from: request.loaded.fixture ?? "" } as const)
      : ({ kind: "repository", from: repository.topLevel, ref: repository.commit } as const);
  const baseline = await record.timed("workspace.baseline", () =>
    createBaseline(source, folders.baseline).catch((thrown: unknown) => refuseFixture(context, thrown)),
  );
  draft.baseline = baseline;
  const [engineTree, freshTree] = await record.timed("workspace.checkouts", () =>
    Promise.all([checkOut(baseline, folders.workspace), checkOut(baseline, folders.freshCheckout)]),
  );
  const brought = await bringFolders(context, [folders.workspace, folders.freshCheckout]);
  const engineCheckout = orRefuse(context, await setUp(context, engineTree, brought));
  const fresh = orRefuse(context, await setUp(context, freshTree, brought));
  if (engineCheckout.tree !== fresh.tree) {
    refuseSetup(
      context,
      "setup left different files in two checkouts of the same commit, so nothing after it could be compared",
    );
  }
  draft.startTree = engineCheckout.tree;
  const before = await record.timed("workspace.snapshot", () => takeSnapshot(folders.workspace));
  draft.snapshotBefore = { sha256: before.sha256, entries: before.entries };
  return { workspace: { checkout: engineCheckout, before, branch: "refs/heads/main" }, fresh, brought };
}

/** A checkout after `setup`, or why there is none. */
export type SetUpCheckout =
  | { readonly kind: "ready"; readonly checkout: Checkout }
  | { readonly kind: "failed"; readonly message: string };

/** Runs `setup` in one checkout and answers the tree that it left. Also used for the checkout of the baseline's own tests. */
export async function setUp(
  context: RunContext,
  checkout: Checkout,
  brought: readonly BroughtFolder[],
): Promise<SetUpCheckout> {
  const { draft, record, task } = context;
  for (const [index, step] of task.setup.entries()) {
    const failure = await record.timed(`setup.${index + 1}`, () => runSetup(context, step, checkout, brought));
    if (failure !== null)
      return {
        kind: "failed",
        message: `setup command ${index + 1} (${oneLine(step.run.join(" "), 80)}) ended with ${failure}`,
      };
  }
  if (task.setup.length === 0 || draft.baseline === null) return { kind: "ready", checkout };
  const result = await writeResultTree(draft.baseline, checkout, { snapshot: await takeSnapshot(checkout.directory) });
  if (result.kind === "unreadable")
    return { kind: "failed", message: `after setup the work tree cannot be read: ${result.message}` };
  return { kind: "ready", checkout: result.checkout };
}

/** Null if the command went well, else how it ended, with the end of its output. */
async function runSetup(
  context: RunContext,
  step: SetupStep,
  checkout: Checkout,
  brought: readonly BroughtFolder[],
): Promise<string | null> {
  endIfStopped(context);
  const tail = createOutputTail(2000);
  const [command, ...args] = step.run;
  const { end } = await context.ports.sandbox.run({
    argv: [command ?? "", ...args],
    workspace: checkout.directory,
    mounts: brought.map(({ mount }) => mount),
    env: {},
    stdin: null,
    onStdout: tail.add,
    onStderr: tail.add,
    signal: context.stop,
    timeoutMs: step.timeout_seconds * 1000,
    graceMs: 2000,
  });
  endIfStopped(context);
  if (end.kind === "exited" && end.code === 0) return null;
  return `${hidePlaces(context, describeEnd(end))}: ${oneLine(hidePlaces(context, tail.text()), 300) || "no output"}`;
}

function orRefuse(context: RunContext, setUpCheckout: SetUpCheckout): Checkout {
  return setUpCheckout.kind === "ready" ? setUpCheckout.checkout : refuseSetup(context, setUpCheckout.message);
}

function refuseFixture(context: RunContext, thrown: unknown): never {
  if (!CtoError.is(thrown) || !thrown.code.startsWith("WORKSPACE_FIXTURE_")) throw thrown;
  return refuseStart(context, "fixture", hidePlaces(context, thrown.message), thrown.hint);
}

function refuseSetup(context: RunContext, message: string): never {
  return refuseStart(
    context,
    "setup",
    message,
    "Mend setup in the task contract; it runs inside the sandbox, without network, in both checkouts.",
  );
}
