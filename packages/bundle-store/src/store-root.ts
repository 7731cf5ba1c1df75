import fs from "node:fs";
import path from "node:path";
import { systemCode } from "@cto/errors";
import { ensureDirectory } from "./disk.ts";
import { storeError, writeFailed } from "./store-error.ts";

const runFolders = ["runs", "active", "index", "tmp", "locks", "quarantine"] as const;
/** Made by the first record that goes into one of them, not by every run. */
const recordFolders = ["keys", "approvals", "outcomes", "disposable"] as const;
const folders = [...runFolders, ...recordFolders] as const;
export type RecordFolder = (typeof recordFolders)[number];
export type StoreFolder = (typeof folders)[number];

/** The places inside one `.cto`, and the clock. */
export interface StorePlaces {
  readonly home: string;
  readonly root: string;
  readonly now: () => number;
  readonly lockWaitMs: number;
  readonly folder: (name: StoreFolder) => string;
  readonly runDirectory: (runId: string) => string;
  readonly markerFile: (runId: string) => string;
  /** The file that keeps room on the disk for a run's end. */
  readonly reserveFile: (runId: string) => string;
  readonly ledgerFile: string;
  readonly latestFile: string;
}

/** Where everything of a home's `.cto` lies. Touches nothing. */
export function toStorePlaces(home: string, now: () => number, lockWaitMs: number): StorePlaces {
  const root = path.join(path.resolve(home), ".cto");
  const folder = (name: StoreFolder): string => path.join(root, name);
  return {
    home: path.resolve(home),
    root,
    now,
    lockWaitMs,
    folder,
    runDirectory: (runId) => path.join(root, "runs", runId),
    markerFile: (runId) => path.join(root, "active", runId),
    reserveFile: (runId) => path.join(root, "tmp", `${runId}.reserve`),
    ledgerFile: path.join(root, "ledger.ndjson"),
    latestFile: path.join(root, "runs", "latest.json"),
  };
}

/** True if `.cto` exists. Throws `STORE_HOME_UNSAFE` if it or a folder in it is a link, no directory, somebody else's, or writable by others. */
export function checkRoot(places: StorePlaces): boolean {
  if (!checkFolder(places.root, ".cto")) return false;
  for (const name of folders) checkFolder(places.folder(name), `.cto/${name}`);
  return true;
}

/** The same for one folder; `shown` is its path relative to the home. */
export function checkFolder(folder: string, shown: string): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory())
    throw unsafe(
      shown,
      "is not a directory",
      "Remove it; links are not followed here. It is created again when it is needed.",
    );
  const self = process.getuid?.();
  if (self !== undefined && stat.uid !== self)
    throw unsafe(shown, "belongs to another user", "Run as its owner, or move it away.");
  if (process.platform !== "win32" && (stat.mode & 0o022) !== 0) {
    throw unsafe(
      shown,
      "can be written by other users",
      "Run `chmod -R go-rwx .cto`, and check that nobody changed what is in it.",
    );
  }
  return true;
}

/** Creates `.cto` and the folders that a run needs where they are missing: 0700, ignored by git. */
export function ensureRoot(places: StorePlaces): void {
  try {
    if (!checkRoot(places)) ensureDirectory(places.root);
    for (const name of runFolders) ensureDirectory(places.folder(name));
    writeIgnoreFile(path.join(places.root, ".gitignore"));
  } catch (error) {
    throw writeFailed(".cto", error);
  }
}

/** Creates a folder for records where it is missing, and `.cto` around it. Returns its absolute path. */
export function ensureRecordFolder(places: StorePlaces, name: RecordFolder): string {
  ensureRoot(places);
  const folder = places.folder(name);
  try {
    ensureDirectory(folder);
  } catch (error) {
    throw writeFailed(`.cto/${name}`, error);
  }
  return folder;
}

function writeIgnoreFile(file: string): void {
  try {
    fs.writeFileSync(file, "*\n", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function unsafe(shown: string, what: string, hint: string): Error {
  return storeError("STORE_HOME_UNSAFE", `The folder ${shown} ${what}.`, hint);
}
