import { RUN_FILES } from "../../vocabulary.ts";
import { toPatchPaths } from "../to-patch-paths.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule } from "./whole-bundle.ts";

/** Pointers of run.json that have a fixed meaning. */
const fixedPointers: Readonly<Record<string, string>> = {
  report: RUN_FILES.report,
  events: RUN_FILES.events,
  live: RUN_FILES.live,
  trace: RUN_FILES.trace,
  patch: RUN_FILES.patch,
  review: RUN_FILES.review,
  manifest: RUN_FILES.manifest,
};

/** What the report and run.json point at is in the bundle, with the digest that they name. */
export const pointersLead: Rule = ({ run, report, listed }, findings) => {
  const directories = new Set<string>();
  const isDirectory = (path: string) => {
    for (const file of directories.size === 0 ? listed.keys() : []) {
      for (let slash = file.indexOf("/"); slash !== -1; slash = file.indexOf("/", slash + 1))
        directories.add(file.slice(0, slash));
    }
    return directories.has(path);
  };
  const known = (path: string) =>
    listed.has(path) || path === RUN_FILES.manifest || path === RUN_FILES.attestation || isDirectory(path);
  for (const [name, path] of Object.entries(run.pointers)) {
    if (!known(path))
      findings.add("POINTER_DANGLES", RUN_FILES.run, `pointers.${name} names ${path}, which is not in the bundle`);
    else if (Object.hasOwn(fixedPointers, name) && fixedPointers[name] !== path)
      findings.add("POINTER_DIFFERS", RUN_FILES.run, `pointers.${name} names ${path}, not ${fixedPointers[name]}`);
  }
  const dangling = [...report.artifact_paths, ...report.verification.map(({ log }) => log.path)].filter(
    (path) => !known(path),
  );
  for (const path of dangling)
    findings.add("POINTER_DANGLES", RUN_FILES.report, `names ${path}, which is not in the bundle`);
  for (const [path, digest] of Object.entries(report.artifact_digests)) {
    if (listed.get(path)?.sha256 !== digest)
      findings.add(
        "ARTIFACT_DIGEST_DIFFERS",
        RUN_FILES.report,
        `artifact_digests: ${path} has another digest in the manifest`,
      );
  }
};

/** Files that are written with the report or after it, or still grow then: no report can hold their digests. */
const sealedLater: ReadonlySet<string> = new Set([
  RUN_FILES.run,
  RUN_FILES.report,
  RUN_FILES.reportText,
  RUN_FILES.review,
  RUN_FILES.reviewText,
  RUN_FILES.observerData,
  RUN_FILES.observerPage,
  RUN_FILES.events,
  RUN_FILES.live,
  RUN_FILES.trace,
]);

/** The report holds the digest of every file that was finished before it, and the logs of the verification are as long as it says. */
export const artifactsCovered: Rule = (bundle, findings) => {
  const { report, listed } = bundle;
  const say = (message: string) => findings.add("ARTIFACT_DIGEST_DIFFERS", RUN_FILES.report, message);
  const paths = new Set(report.artifact_paths);
  const digested = Object.keys(report.artifact_digests);
  if (paths.size !== digested.length || digested.some((path) => !paths.has(path)))
    say("artifact_paths and artifact_digests name different files");
  // The raw logs of a step that broke off are closed by the seal, after the report.
  const cutShort = wasCutShort(bundle);
  const mayBeOpen = (path: string) => cutShort && (path.startsWith("backend/") || path === RUN_FILES.testLog);
  for (const path of listed.keys()) {
    if (!sealedLater.has(path) && !Object.hasOwn(report.artifact_digests, path) && !mayBeOpen(path))
      say(`artifact_digests leaves out ${path}`);
  }
  const bytes = new Map<string, number>();
  for (const { id, log } of report.verification) {
    bytes.set(log.path, (bytes.get(log.path) ?? 0) + log.bytes);
    // Every command has a line of its own at its beginning and at its end.
    if (log.bytes === 0 && !log.truncated && !cutShort) say(`verification ${id} left nothing in ${log.path}`);
  }
  for (const [path, sum] of bytes) {
    if (sum > (listed.get(path)?.bytes ?? sum)) say(`${path} is shorter than what verification says it holds`);
  }
};

/**
 * changed_files, changes and patch.diff name the same files. The patch may be absent where nothing changed or a secret keeps it out, and
 * anything where there was no room for it or the run was cut short.
 */
export const patchFits: Rule = ({ report, codes, patch }, findings) => {
  const reported = new Set(report.changed_files);
  const judged = new Set(report.changes.map(({ path }) => path));
  if (!sameSet(reported, judged))
    findings.add("PATCH_FILES_DIFFER", RUN_FILES.report, "changed_files and changes name different files");
  if (codes.has("artifact_write_failure") || codes.has("interrupted")) return;
  if (patch === null) {
    if (report.status === "pass" || (reported.size > 0 && !codes.has("secret_leak")))
      findings.add("PATCH_FILES_DIFFER", RUN_FILES.patch, "there is no patch.diff and no blocker that explains it");
    return;
  }
  const found = toPatchPaths(patch);
  if (found.kind === "unreadable")
    findings.add("PATCH_UNREADABLE", RUN_FILES.patch, `line ${found.line}: ${found.message}`);
  else if (!sameSet(found.paths, reported))
    findings.add("PATCH_FILES_DIFFER", RUN_FILES.patch, "does not touch the files of the report's changed_files");
};

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((path) => right.has(path));
}
