import fs from "node:fs";
import path from "node:path";
import { readTextFile, replaceFile } from "./disk.ts";
import { currentOwner, mayBeAlive, parseOwner } from "./process-owner.ts";
import type { StorePlaces } from "./store-root.ts";

/** Who works on a run: `none` if there is no marker, `alive` if the process may be, `dead` if it is surely gone. */
export type MarkerState = "none" | "alive" | "dead";

/** The text of a marker that its owner gave back while the work is not done. */
const givenBack = '{"released":true}\n';

/** Judges the active marker of a run. A marker that cannot be understood counts as alive. */
export function readMarker(places: StorePlaces, runId: string): MarkerState {
  const text = readTextFile(places.markerFile(runId));
  if (text === undefined) return "none";
  if (text === givenBack) return "dead";
  const owner = parseOwner(text);
  return owner === undefined || mayBeAlive(owner, currentOwner()) ? "alive" : "dead";
}

/** True if the marker names a process that may be alive. One that cannot be understood names nobody: it keeps a run from being closed, but shows no work. */
export function isAtWork(places: StorePlaces, runId: string): boolean {
  const owner = parseOwner(readTextFile(places.markerFile(runId)));
  return owner !== undefined && mayBeAlive(owner, currentOwner());
}

/** The text of a marker that names this process. */
export function ownMarkerText(): string {
  return `${JSON.stringify(currentOwner())}\n`;
}

/** Makes this process the one that works on the run. The caller holds the lock on recovery. */
export function takeMarker(places: StorePlaces, runId: string): void {
  replaceFile(places.markerFile(runId), ownMarkerText(), true);
}

/** Leaves an unfinished run to whoever comes next, as if this process had died. Does nothing if the marker is not this process's; never throws. */
export function releaseMarker(places: StorePlaces, runId: string): void {
  try {
    if (readTextFile(places.markerFile(runId)) === ownMarkerText())
      replaceFile(places.markerFile(runId), givenBack, true);
  } catch {
    // The marker stays this process's then, and counts as dead as soon as the process has ended.
  }
}

/** Says that nobody works on the run any more. */
export function removeMarker(places: StorePlaces, runId: string): void {
  fs.rmSync(places.markerFile(runId), { force: true });
}

/** Removes drafts of markers that a process left when it was killed while it wrote one. */
export function sweepMarkerDrafts(places: StorePlaces): void {
  const folder = places.folder("active");
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith(".")) continue;
    const draft = path.join(folder, name);
    const owner = parseOwner(readTextFile(draft) ?? "");
    const age = Date.now() - (fs.lstatSync(draft, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    // A draft lives for milliseconds; one without a readable owner was cut short.
    if (owner === undefined ? age > 60_000 : !mayBeAlive(owner, currentOwner())) fs.rmSync(draft, { force: true });
  }
}
