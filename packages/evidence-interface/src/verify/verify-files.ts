import { isRelativePointer } from "../relative-pointer.ts";
import type { Manifest, ManifestFile } from "../schemas/manifest.ts";
import { PROOF_FILES, RUN_FILES } from "../vocabulary.ts";
import { BUNDLE_LIMITS, type BundleFacts, type BundleFile, isBundleDocument } from "./bundle-facts.ts";
import type { Findings } from "./findings.ts";

/** Files that every sealed bundle has, whatever its status. `patch.diff` and some proofs depend on how the run went. */
const alwaysPresent: readonly string[] = [
  RUN_FILES.run,
  RUN_FILES.report,
  RUN_FILES.reportText,
  RUN_FILES.live,
  RUN_FILES.events,
  RUN_FILES.trace,
  RUN_FILES.testLog,
  RUN_FILES.review,
  RUN_FILES.reviewText,
  PROOF_FILES.task,
  PROOF_FILES.policy,
];

/** The regular files of the directory by path, after a look at every entry; undefined if there are too many to look at. */
export function inspectFiles(facts: BundleFacts, findings: Findings): ReadonlyMap<string, BundleFile> | undefined {
  if (facts.files.length > BUNDLE_LIMITS.files) {
    findings.add("BUNDLE_TOO_MANY_FILES", null, `more than ${BUNDLE_LIMITS.files} files`);
    return undefined;
  }
  const files = new Map<string, BundleFile>();
  const folded = new Set<string>();
  for (const file of facts.files) {
    if (!isRelativePointer(file.path))
      findings.add("FILE_PATH_UNSAFE", file.path, "the name is not a plain relative path");
    const fold = /^[a-z0-9._/-]*$/.test(file.path) ? file.path : file.path.normalize("NFC").toLowerCase();
    if (folded.has(fold))
      findings.add("FILE_CASE_TWIN", file.path, "another name differs from this one only in case or Unicode form");
    folded.add(fold);
    if (file.kind === "symlink") findings.add("FILE_IS_SYMLINK", file.path, "is a symbolic link");
    else if (file.kind === "other")
      findings.add("FILE_IS_SPECIAL", file.path, "is neither a regular file nor a readable directory");
    else {
      files.set(file.path, file);
      inspectContent(file, facts, findings);
    }
  }
  return files;
}

function inspectContent(file: BundleFile, facts: BundleFacts, findings: Findings): void {
  const isDocument = isBundleDocument(file.path);
  if (isDocument && file.bytes > BUNDLE_LIMITS.documentBytes) {
    findings.add(
      "DOCUMENT_TOO_LARGE",
      file.path,
      `${file.bytes} bytes, at most ${BUNDLE_LIMITS.documentBytes} are read`,
    );
  } else if (file.sha256 === null || (isDocument && facts.documents.get(file.path)?.length !== file.bytes)) {
    findings.add("FILE_UNREADABLE", file.path, "could not be read to its end");
  }
}

/** Compares what lies on disk with what the manifest lists. Returns the listed files by path. */
export function compareWithManifest(
  manifest: Manifest,
  files: ReadonlyMap<string, BundleFile>,
  facts: BundleFacts,
  findings: Findings,
): ReadonlyMap<string, ManifestFile> {
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  const unlisted: readonly string[] = [RUN_FILES.manifest, RUN_FILES.attestation];
  const sorted = manifest.files.every(
    (file, index) => index === 0 || (manifest.files[index - 1]?.path ?? "") < file.path,
  );
  if (!sorted || unlisted.some((path) => listed.has(path))) {
    findings.add(
      "MANIFEST_FILES_INVALID",
      RUN_FILES.manifest,
      "files are not sorted, stand twice, or include the manifest or the attestation",
    );
  }
  for (const expected of manifest.files) compareFile(expected, files.get(expected.path), findings);
  for (const file of facts.files) {
    const known = listed.has(file.path) || unlisted.includes(file.path);
    if (!known && file.kind === "file") findings.add("FILE_EXTRA", file.path, "is not in the manifest");
  }
  for (const path of alwaysPresent) {
    if (!listed.has(path))
      findings.add("FILE_NOT_IN_BUNDLE", path, "is not in the manifest, and every sealed bundle has it");
  }
  return listed;
}

function compareFile(expected: ManifestFile, file: BundleFile | undefined, findings: Findings): void {
  if (file === undefined)
    findings.add("FILE_MISSING", expected.path, "is in the manifest, but there is no such regular file");
  else if (file.sha256 === null) return;
  else if (file.bytes !== expected.bytes) {
    findings.add("FILE_BYTES_DIFFER", expected.path, `has ${file.bytes} bytes, the manifest says ${expected.bytes}`);
  } else if (file.sha256 !== expected.sha256) {
    findings.add(
      "FILE_DIGEST_DIFFERS",
      expected.path,
      `has sha256 ${file.sha256}, the manifest says ${expected.sha256}`,
    );
  }
}
