import fs from "node:fs";
import path from "node:path";
import { latestRunSchema, RUN_FILES } from "@cto/evidence-interface";
import { readJsonFile } from "./disk.ts";
import { latestInLedger } from "./ledger.ts";
import { runNames } from "./run-index.ts";
import { storeError } from "./store-error.ts";
import type { StorePlaces } from "./store-root.ts";

/** A run directory that a selector stands for. `runId` is the directory's name. */
export interface ResolvedRun {
  readonly runId: string;
  readonly directory: string;
}

/**
 * The run that `selector` means: `latest` (the one sealed last), a run id, a prefix of just one, or the path of a run directory (anything with a
 * slash, `.` or `..`). Throws `STORE_RUN_NOT_FOUND` with near matches, or `STORE_RUN_AMBIGUOUS`.
 */
export function resolveRun(places: StorePlaces, selector: string, cwd: string): ResolvedRun {
  if (selector.includes("/") || selector === "." || selector === "..")
    return resolvePath(path.resolve(cwd, selector), selector);
  const names = runNames(places);
  const runId =
    selector === "latest" ? latest(places) : names.includes(selector) ? selector : byPrefix(names, selector);
  return { runId, directory: places.runDirectory(runId) };
}

function resolvePath(directory: string, selector: string): ResolvedRun {
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true)
    return { runId: path.basename(directory), directory };
  throw storeError(
    "STORE_RUN_NOT_FOUND",
    `There is no run directory at ${selector}.`,
    "`cto runs list` shows the runs of this place.",
    { selector },
  );
}

/**
 * The run id that a run directory must hold: its name if it lies in `.cto/runs` of this store, else null, because a copy elsewhere may have any
 * name. A bundle that names another run was put over this one.
 */
export function runIdOfDirectory(store: { readonly root: string }, directory: string): string | null {
  const real = realPath(directory);
  return path.dirname(real) === realPath(path.join(store.root, "runs")) ? path.basename(real) : null;
}

function realPath(place: string): string {
  try {
    return fs.realpathSync(place);
  } catch {
    return path.resolve(place); // Not there: then only its name can say where it lies.
  }
}

/** latest.json is a shortcut; the ledger decides where it is missing or points at a run that is gone. */
function latest(places: StorePlaces): string {
  const pointer = latestRunSchema.safeParse(readJsonFile(places.latestFile)).data;
  const isThere =
    pointer !== undefined && fs.existsSync(path.join(places.runDirectory(pointer.run_id), RUN_FILES.manifest));
  const runId = isThere ? pointer.run_id : latestInLedger(places);
  if (runId !== undefined) return runId;
  throw storeError("STORE_RUN_NOT_FOUND", "There is no sealed run yet.", "Make one with `cto run r1-string-slugify`.", {
    selector: "latest",
  });
}

function byPrefix(names: readonly string[], selector: string): string {
  const found = selector === "" ? [] : names.filter((name) => name.startsWith(selector));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const details = { selector, candidates: found.slice(0, 5) };
  if (only !== undefined) {
    const hint = `Type more of the id: ${details.candidates.join(", ")}${found.length > 5 ? ", ..." : ""}`;
    throw storeError("STORE_RUN_AMBIGUOUS", `${found.length} runs begin with ${selector}.`, hint, details);
  }
  const near = nearMatches(names, selector);
  const hint =
    near.length === 0 ? "`cto runs list` shows the runs of this place." : `Did you mean ${near.join(" or ")}?`;
  throw storeError("STORE_RUN_NOT_FOUND", `There is no run ${selector}.`, hint, { selector, candidates: near });
}

function nearMatches(names: readonly string[], selector: string): readonly string[] {
  const shared = (name: string): number => {
    let length = 0;
    while (length < selector.length && name[length] === selector[length]) length += 1;
    return name.includes(selector) && selector !== "" ? 1000 : length;
  };
  return names
    .map((name) => ({ name, score: shared(name) }))
    .filter(({ score }) => score >= 3)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ name }) => name);
}
