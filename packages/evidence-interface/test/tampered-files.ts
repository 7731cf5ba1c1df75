import { encode, textOf } from "./seal.ts";
import { after, manifest, type Tampering } from "./tampering.ts";

/** What somebody does to stored files, and to the manifest alone. */
export const tamperedFiles: readonly Tampering[] = [
  after(
    "a changed file",
    (content) => content.set("report.md", encode("# Make slugify work\n\nFailed.\n")),
    "tampered",
    "FILE_DIGEST_DIFFERS",
  ),
  after("a longer file", (content) => content.set("test.log", encode("")), "tampered", "FILE_BYTES_DIFFER"),
  after("a file taken away", (content) => content.delete("backend/engine.stdout.log"), "tampered", "FILE_MISSING"),
  after("a document taken away", (content) => content.delete("report.json"), "tampered", "FILE_MISSING"),
  after("a file added", (content) => content.set("backend/note.txt", encode("")), "tampered", "FILE_EXTRA"),
  after(
    "a case twin added",
    (content) => content.set("Report.json", encode("{}")),
    "tampered",
    "FILE_CASE_TWIN",
    "FILE_EXTRA",
  ),
  after(
    "a quoted name added",
    (content) => content.set('"a\\nb"', encode("")),
    "tampered",
    "FILE_PATH_UNSAFE",
    "FILE_EXTRA",
  ),
  after("no manifest", (content) => content.delete("manifest.json"), "incomplete", "MANIFEST_MISSING"),
  after("an empty directory", (content) => content.clear(), "incomplete", "MANIFEST_MISSING"),
  after(
    "a manifest with a space more",
    (content) => content.set("manifest.json", encode(` ${textOf(content, "manifest.json")}`)),
    "tampered",
    "MANIFEST_NOT_CANONICAL",
  ),
  after(
    "a manifest without LF",
    (content) => content.set("manifest.json", content.get("manifest.json")?.subarray(0, -1) ?? new Uint8Array()),
    "tampered",
    "MANIFEST_NOT_CANONICAL",
  ),
  after(
    "a manifest that is cut",
    (content) => content.set("manifest.json", content.get("manifest.json")?.subarray(0, 300) ?? new Uint8Array()),
    "unverifiable",
    "JSON_SYNTAX",
  ),
  after(
    "an attestation that cannot be checked",
    (content) => content.set("attestation.intoto.jsonl", encode("{}\n")),
    "untrusted",
    "ATTESTATION_UNCHECKED",
  ),
  manifest("files out of order", (value) => value.files.reverse(), "tampered", "MANIFEST_FILES_INVALID"),
  manifest(
    "a file listed twice",
    (value) => value.files.push(value.files.at(-1)),
    "tampered",
    "MANIFEST_FILES_INVALID",
  ),
  manifest(
    "a manifest that lists the attestation",
    (value) => value.files.unshift({ ...value.files[0], path: "attestation.intoto.jsonl" }),
    "tampered",
    "MANIFEST_FILES_INVALID",
    "FILE_MISSING",
  ),
  manifest("a path that climbs out", (value) => (value.files[0].path = "../x"), "tampered", "FILE_PATH_UNSAFE"),
  manifest("an absolute path", (value) => (value.files[0].path = "/etc/passwd"), "tampered", "FILE_PATH_UNSAFE"),
  manifest(
    "a manifest of version 2",
    (value) => (value.schema = "cto.manifest.v2"),
    "unverifiable",
    "DOCUMENT_VERSION_UNKNOWN",
  ),
  manifest("a manifest with a field more", (value) => (value.note = 1), "unverifiable", "DOCUMENT_SHAPE_INVALID"),
  manifest("another event count", (value) => (value.event_count = 9), "tampered", "EVENT_COUNT_DIFFERS"),
  manifest("another chain head", (value) => (value.chain_head = "0".repeat(64)), "tampered", "EVENT_HEAD_DIFFERS"),
  manifest("another run id", (value) => (value.run_id = "other"), "contradictory", "RUN_ID_DIFFERS"),
];
