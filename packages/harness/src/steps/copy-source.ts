import { mkdir } from "node:fs/promises";
import { startsEngine } from "@cto/gates";
import { type Baseline, type Checkout, checkOut, createBaseline } from "@cto/workspace";
import type { RunContext } from "../run/run-context.ts";

/** The private baseline of a run and both work trees made from it. */
export interface SourceCopy {
  readonly baseline: Baseline;
  readonly workspace: Checkout;
  /** May still be made while the engine works: the engine cannot see it. */
  readonly fresh: Promise<Checkout>;
}

/**
 * Starts to copy the source while contract and gates are looked at: the copy has no effect outside the run's own folder, and nothing starts in it before
 * all gates are open. Null where the run will not get that far. A failure waits until somebody looks at the result.
 */
export function startCopy(context: Omit<RunContext, "copying">): Promise<SourceCopy> | null {
  if (!startsEngine(context.stage) || context.stop.aborted) return null;
  const copying = copySource(context);
  context.background.push(copying);
  copying.catch(() => undefined);
  return copying;
}

async function copySource(context: Omit<RunContext, "copying">): Promise<SourceCopy> {
  const { folders, record, repository, request } = context;
  const { signal } = context.ports;
  await mkdir(folders.scratch, { recursive: true, mode: 0o700 });
  const source =
    repository === null
      ? ({ kind: "fixture", from: request.loaded.fixture ?? "" } as const)
      : ({ kind: "repository", from: repository.topLevel, ref: repository.commit } as const);
  const baseline = await record.timed("workspace.baseline", () => createBaseline(source, folders.baseline, { signal }));
  const workspace = await record.timed("workspace.checkout", () => checkOut(baseline, folders.workspace, { signal }));
  const fresh = record.timed("fresh.checkout", () => checkOut(baseline, folders.freshCheckout, { signal }));
  context.background.push(fresh);
  fresh.catch(() => undefined);
  return { baseline, workspace, fresh };
}
