import fs from "node:fs";
import path from "node:path";
import { RUN_FILES } from "@cto/evidence-interface";
import { ensureDirectory, openFlags } from "./disk.ts";
import { adoptFile, digestFile, listRunTree } from "./run-tree.ts";
import type { RunFile } from "./run-writer.ts";
import { writeFailed } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";
import { cutToUnfinishedEvents } from "./unfinished-events.ts";

const lineLogs: readonly string[] = [RUN_FILES.events, RUN_FILES.live, RUN_FILES.trace];
const conclusions: readonly string[] = [
  RUN_FILES.report,
  RUN_FILES.reportText,
  RUN_FILES.review,
  RUN_FILES.reviewText,
  RUN_FILES.observerData,
  RUN_FILES.observerPage,
];

/**
 * Prepares the directory that a dead writer left for the next one. What it concluded (report, review, observer files, a final `run.completed`) was
 * never sealed, does not count and is removed, with its temporary files. Returns what it observed: all that stays, besides the line logs.
 */
export function takeOverDirectory(directory: string): readonly RunFile[] {
  try {
    const { files, temporary } = listRunTree(directory);
    const dropped = files.filter((pointer) => conclusions.includes(pointer));
    for (const name of [...temporary, ...dropped]) fs.rmSync(path.join(directory, name));
    cutToUnfinishedEvents(directory);
    const kept = files.filter((pointer) => !conclusions.includes(pointer) && !lineLogs.includes(pointer));
    return kept.map((pointer) => digestOf(directory, pointer));
  } catch (error) {
    throw writeFailed(`runs/${path.basename(directory)}`, error);
  }
}

function digestOf(directory: string, pointer: string): RunFile {
  const fd = fs.openSync(path.join(directory, pointer), openFlags.read);
  try {
    return { path: pointer, ...digestFile(fd) };
  } finally {
    fs.closeSync(fd);
  }
}

/** Moves what a dead writer left at `pointer` to `.cto/tmp/<run id>/unsealed/`, beside what lies there already: it makes room and is not lost. */
export async function setAside(places: StorePlaces, runId: string, pointer: string): Promise<void> {
  const source = path.join(places.runDirectory(runId), pointer);
  if (fs.lstatSync(source, { throwIfNoEntry: false }) === undefined) return;
  let folder = places.folder("tmp");
  try {
    for (const segment of [runId, "unsealed", ...pointer.split("/").slice(0, -1)]) {
      folder = path.join(folder, segment);
      ensureDirectory(folder);
    }
  } catch (error) {
    throw writeFailed(`tmp/${runId}`, error);
  }
  const base = path.join(folder, path.basename(pointer));
  let target = base;
  for (let number = 2; fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined; number += 1)
    target = `${base}.${number}`;
  await adoptFile(source, target, pointer);
}
