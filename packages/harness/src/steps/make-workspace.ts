import { mkdir } from "node:fs/promises";
import { oneLine } from "@cto/errors";
import { checkOut, type Checkout, createBaseline, takeSnapshot, writeResultTree } from "@cto/workspace";
import { addBlocker, endIfStopped, hidePlaces, type PreparedWorkspace, type RunContext, RunEnded } from "../run/run-context.ts";
import { bringFolders, type BroughtFolder } from "./bring-folders.ts";

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
  const baseline = await record.timed("workspace.baseline", () => createBaseline(source, folders.baseline));
  draft.baseline = baseline;
  const [engineTree, freshTree] = await record.timed("workspace.checkouts", () =>
    Promise.all([checkOut(baseline, folders.workspace), checkOut(baseline, folders.freshCheckout)]),
  );
  const brought = await bringFolders(context, [folders.workspace, folders.freshCheckout]);
  const engineCheckout = await setUp(context, engineTree, brought);
  const fresh = await setUp(context, freshTree, brought);
  if (engineCheckout.tree !== fresh.tree) {
    refuseSetup(context, "setup left different files in two checkouts of the same commit, so nothing after it could be compared");
  }
  draft.startTree = engineCheckout.tree;
  const before = await record.timed("workspace.snapshot", () => takeSnapshot(folders.workspace));
  draft.snapshotBefore = { sha256: before.sha256, entries: before.entries };
  return { workspace: { checkout: engineCheckout, before, branch: "refs/heads/main" }, fresh, brought };
}

/** Runs `setup` in one checkout and answers the tree that it left. Also used for the checkout of the baseline's own tests. */
export async function setUp(context: RunContext, checkout: Checkout, brought: readonly BroughtFolder[]): Promise<Checkout> {
  const { draft, ports, record, task } = context;
  for (const [index, step] of task.setup.entries()) {
    endIfStopped(context);
    let tail = "";
    const keep = (chunk: Uint8Array) => {
      tail = (tail + Buffer.from(chunk).toString("utf8")).slice(-2000);
    };
    const [command, ...args] = step.run;
    const { end } = await record.timed(`setup.${index + 1}`, () =>
      ports.sandbox.run({
        argv: [command ?? "", ...args],
        workspace: checkout.directory,
        mounts: brought.map(({ mount }) => mount),
        env: {},
        stdin: null,
        onStdout: keep,
        onStderr: keep,
        signal: context.stop,
        timeoutMs: step.timeout_seconds * 1000,
        graceMs: 2000,
      }),
    );
    endIfStopped(context);
    if (end.kind === "exited" && end.code === 0) continue;
    const how = end.kind === "exited" ? `exit ${end.code}` : end.kind === "signaled" ? end.signal : end.kind === "not-started" ? end.message : end.kind;
    const message = `setup command ${index + 1} (${oneLine(step.run.join(" "), 80)}) ended with ${how}: ${oneLine(tail, 300) || "no output"}`;
    refuseSetup(context, hidePlaces(context, message));
  }
  if (task.setup.length === 0 || draft.baseline === null) return checkout;
  const baseline = draft.baseline;
  const result = await writeResultTree(baseline, checkout, { snapshot: await takeSnapshot(checkout.directory) });
  if (result.kind === "unreadable") refuseSetup(context, `after setup the work tree cannot be read: ${result.message}`);
  return (result as Extract<typeof result, { kind: "written" }>).checkout;
}

function refuseSetup(context: RunContext, message: string): never {
  addBlocker(context.draft, "gate_missing", message, "Mend setup in the task contract; it runs inside the sandbox, without network, in both checkouts.");
  context.record.event(
    "backend.gate.blocked",
    { backend: context.request.engine.describe().id, gate: "setup", reason: message, mutation_mode: "none", case_executed: false },
    context.draft.blockers,
  );
  throw new RunEnded("setup failed");
}
