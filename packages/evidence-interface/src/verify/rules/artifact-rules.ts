import { RUN_FILES } from "../../vocabulary.ts";
import { toPatchPaths } from "../to-patch-paths.ts";
import type { Rule } from "./whole-bundle.ts";

/** What the report and run.json point at is in the bundle, with the digest that they name. */
export const pointersLead: Rule = ({ run, report, listed }, findings) => {
  const directories = new Set<string>();
  for (const path of listed.keys()) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1))
      directories.add(path.slice(0, slash));
  }
  const known = (path: string) =>
    listed.has(path) || directories.has(path) || path === RUN_FILES.manifest || path === RUN_FILES.attestation;
  for (const [name, path] of Object.entries(run.pointers)) {
    if (!known(path))
      findings.add("POINTER_DANGLES", RUN_FILES.run, `pointers.${name} names ${path}, which is not in the bundle`);
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
    if (!report.artifact_paths.includes(path))
      findings.add(
        "ARTIFACT_DIGEST_DIFFERS",
        RUN_FILES.report,
        `artifact_digests names ${path}, artifact_paths does not`,
      );
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
