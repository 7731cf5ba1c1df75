import { CtoError, oneLine } from "@cto/errors";
import { isByProduct, type SetupStep } from "@cto/gates";
import { type Checkout, readPackedRefs, takeSnapshot, writeResultTree } from "@cto/workspace";
import { createOutputTail } from "../run/output-tail.ts";
import { describeEnd } from "../run/process-end.ts";
import { endIfStopped, type PreparedWorkspace, type RunContext } from "../run/run-context.ts";
import { type BroughtFolder, bringFolders } from "./bring-folders.ts";
import type { SourceCopy } from "./copy-source.ts";
import { refuseStart } from "./refuse-start.ts";

/** Setup may leave this much beside what the budget allows an engine: installed dependencies. */
const setupRoom = 16 * 1024 ** 3;

/** Both work trees of a run. The second one is not used until the engine has gone. */
export interface WorkTrees {
  readonly workspace: PreparedWorkspace;
  /** Stands at the same tree as the workspace did before the engine. */
  readonly fresh: Promise<Checkout>;
  readonly brought: readonly BroughtFolder[];
}

/** Takes the copies of the source, runs `setup` in both, and takes the first snapshot. */
export async function makeWorkspace(context: RunContext): Promise<WorkTrees> {
  const { draft, folders, record } = context;
  endIfStopped(context);
  if (context.copying === null) throw new Error("a run that may start has a copy to start in");
  const copy = await context.copying.catch((thrown: unknown) => refuseSource(context, thrown));
  draft.baseline = copy.baseline;
  const { checkout, fresh, brought } = await prepare(context, copy);
  draft.startTree = checkout.tree;
  const before = await record.timed("workspace.snapshot", () =>
    takeSnapshot(folders.workspace, { signal: context.ports.signal }),
  );
  draft.snapshotBefore = { sha256: before.sha256, entries: before.entries };
  draft.workspaceBytes = [...before.byPath.values()].reduce((sum, { size }) => sum + size, 0);
  const packedRefs = await readPackedRefs(folders.workspace);
  return { workspace: { checkout, before, branch: "refs/heads/main", packedRefs }, fresh, brought };
}

async function prepare(context: RunContext, copy: SourceCopy) {
  const { folders, task } = context;
  if (task.setup.length === 0 && task.bring.length === 0)
    return { checkout: copy.workspace, fresh: copy.fresh, brought: [] };
  const freshCopy = await copy.fresh;
  const brought = await bringFolders(context, [folders.workspace, folders.freshCheckout]);
  const checkout = orRefuse(context, await setUp(context, copy.workspace, brought));
  const fresh = orRefuse(context, await setUp(context, freshCopy, brought));
  if (checkout.tree !== fresh.tree) {
    refuseSetup(
      context,
      "setup left different files in two checkouts of the same commit, so nothing after it could be compared",
    );
  }
  return { checkout, fresh: Promise.resolve(fresh), brought };
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
  // Caches of setup differ from one checkout to the other and are nobody's change.
  const { policy } = draft;
  const leaveOut = (path: string) => isByProduct(policy, path);
  const snapshot = await takeSnapshot(checkout.directory, {
    signal: context.ports.signal,
    maxBytes: context.budget.artifact_bytes + setupRoom,
  });
  const result = await writeResultTree(draft.baseline, checkout, { snapshot, leaveOut });
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
  return `${context.hider.text(describeEnd(end))}: ${oneLine(context.hider.text(tail.text()), 300) || "no output"}`;
}

function orRefuse(context: RunContext, setUpCheckout: SetUpCheckout): Checkout {
  return setUpCheckout.kind === "ready" ? setUpCheckout.checkout : refuseSetup(context, setUpCheckout.message);
}

/** A source that cannot be copied is no fault of ours: a broken fixture, or a target with missing objects. */
function refuseSource(context: RunContext, thrown: unknown): never {
  if (!CtoError.is(thrown) || context.ports.signal.aborted) throw thrown;
  const message = context.hider.text(thrown.message);
  if (thrown.code.startsWith("WORKSPACE_FIXTURE_")) return refuseStart(context, "fixture", message, thrown.hint);
  if (context.repository === null || thrown.code !== "GIT_FAILED") throw thrown;
  return refuseStart(
    context,
    "source",
    `the target cannot be copied: ${message}`,
    "`git fsck` in the target says what is missing; a partial clone needs `git fetch --refetch --no-filter` first.",
  );
}

function refuseSetup(context: RunContext, message: string): never {
  return refuseStart(
    context,
    "setup",
    message,
    "Mend setup in the task contract; it runs inside the sandbox, without network, in both checkouts.",
  );
}
