import type { Verdict } from "../vocabulary.ts";

/** One kind of finding: the verdict that it brings, and what a person can do. */
export interface FindingCodeEntry {
  readonly verdict: Exclude<Verdict, "valid">;
  readonly hint: string;
}

const RESTORE = "Restore the run directory from a copy, or run the task again.";
const REWRITTEN =
  "No run of the harness writes this; find out who changed the bundle or which program wrote it, and run the task again.";
const NEWER = "Use the version of cto that wrote the bundle, or a newer one.";
const FORMAT = "The file is not what the format asks for; run the task again with an unmodified cto.";

const tampered = (hint: string): FindingCodeEntry => ({ verdict: "tampered", hint });
const contradictory = (hint = REWRITTEN): FindingCodeEntry => ({ verdict: "contradictory", hint });
const unverifiable = (hint = FORMAT): FindingCodeEntry => ({ verdict: "unverifiable", hint });

/** Every finding of the verifier. A bundle has the verdict of its worst finding, and `valid` without one. */
export const FINDING_CODES = {
  // The files as they lie on disk, against the manifest.
  FILE_DIGEST_DIFFERS: tampered(RESTORE),
  FILE_BYTES_DIFFER: tampered(RESTORE),
  FILE_MISSING: tampered(RESTORE),
  FILE_EXTRA: tampered(
    "Only attestation.intoto.jsonl may be added after the seal; take the file out of the run directory.",
  ),
  FILE_IS_SYMLINK: tampered("A run directory holds no symbolic links; restore the file that stood there."),
  FILE_IS_SPECIAL: tampered(
    "A run directory holds only readable directories and regular files; restore what stood there.",
  ),
  FILE_CASE_TWIN: tampered("Two names that some file systems take for one; restore the run directory from a copy."),
  FILE_PATH_UNSAFE: tampered(
    "A name or pointer that leaves the run directory or disturbs a terminal; find out who put it there.",
  ),
  FILE_UNREADABLE: unverifiable("Make the file readable (permissions, disk faults), then verify again."),
  FILE_NOT_IN_BUNDLE: { verdict: "incomplete", hint: "Every sealed bundle has this file; run the task again." },
  BUNDLE_TOO_MANY_FILES: unverifiable(
    "The directory holds more files than any run writes; check that it is a run directory.",
  ),
  DOCUMENT_TOO_LARGE: unverifiable("The document is larger than any run writes it; look at who wrote it."),
  // The manifest itself.
  MANIFEST_MISSING: {
    verdict: "incomplete",
    hint: "The run is not sealed: it still works, or it was interrupted and the next `cto runs list` closes it.",
  },
  MANIFEST_NOT_CANONICAL: tampered(
    "The harness writes the manifest in canonical bytes (RFC 8785 and one LF); restore it from a copy.",
  ),
  MANIFEST_FILES_INVALID: tampered(
    "The harness lists each file once, sorted by path, and neither the manifest nor the attestation; restore it from a copy.",
  ),
  // Documents and event lines as JSON.
  JSON_NOT_UTF8: unverifiable(),
  JSON_BOM: unverifiable(),
  JSON_SYNTAX: unverifiable(),
  JSON_NOT_FINITE: unverifiable(),
  JSON_TRAILING_DATA: unverifiable(),
  JSON_DUPLICATE_KEY: unverifiable(),
  JSON_LONE_SURROGATE: unverifiable(),
  JSON_TOO_DEEP: unverifiable(),
  DOCUMENT_VERSION_UNKNOWN: unverifiable(NEWER),
  DOCUMENT_SHAPE_INVALID: unverifiable(),
  PROOF_NOT_CANONICAL: contradictory(
    "The digests in report.json are taken over canonical bytes; run the task again with an unmodified cto.",
  ),
  RUNTIME_DEFAULT_ACTIVATED: contradictory(
    "No run, record or document switches a default on; this field is false in every bundle.",
  ),
  // The event log.
  EVENT_CHAIN_BROKEN: tampered(RESTORE),
  EVENT_SEQUENCE_BROKEN: tampered(RESTORE),
  EVENT_COUNT_DIFFERS: tampered(RESTORE),
  EVENT_HEAD_DIFFERS: tampered(RESTORE),
  EVENT_LINE_TOO_LONG: unverifiable(),
  EVENT_LINE_CRLF: unverifiable(
    "Lines end in one LF; a tool that rewrites line endings has touched the log, or wrote it.",
  ),
  EVENT_LINE_UNENDED: unverifiable("The last line has no LF: the log was cut, or another program wrote it."),
  EVENT_ORDER_BROKEN: contradictory(),
  EVENT_REQUIRED_MISSING: contradictory(),
  EVENT_CLOCK_BACKWARDS: contradictory(),
  EVENT_STATUS_DIFFERS: contradictory(),
  EVENT_DATA_DIFFERS: contradictory(
    "An event and the document that it restates cannot both be true; do not believe the result.",
  ),
  EVENT_ENGINE_DIFFERS: contradictory(
    "The engine that was started is not the one that the report names; run the task again.",
  ),
  EVENT_GATE_CONTRADICTED: contradictory(
    "A gate was closed and the engine ran all the same; do not believe the result.",
  ),
  LOG_CONTRADICTED: contradictory("The log is cut, joined or of another run; restore the run directory from a copy."),
  // Documents against one another.
  RUN_ID_DIFFERS: contradictory("A document of another run lies in this bundle; restore it from a copy."),
  RUN_NOT_SEALED: contradictory(),
  RUN_REPORT_DIFFER: contradictory(),
  STAGE_CONTRADICTED: contradictory(),
  ISOLATION_CONTRADICTED: contradictory(
    "The sandbox has the same walls in every run; whatever ran here ran behind others, or the report lies.",
  ),
  CLOCK_BACKWARDS: contradictory(),
  POINTER_DANGLES: contradictory(),
  POINTER_DIFFERS: contradictory(),
  ARTIFACT_DIGEST_DIFFERS: contradictory(),
  TASK_DIGEST_DIFFERS: contradictory(
    "The report is about another task contract than the one in the bundle; run the task again.",
  ),
  TASK_CONTRADICTED: contradictory(),
  POLICY_DIGEST_DIFFERS: contradictory(
    "The report is about another policy than the one in the bundle; run the task again.",
  ),
  POLICY_CONTRADICTED: contradictory(),
  ELIGIBILITY_CONTRADICTED: contradictory(),
  // What a person, the records and the ladder said before the engine started.
  APPROVAL_MISSING: contradictory(
    "From stage 4 on nothing runs without a person's approval; whatever ran here was not permitted. Do not land it.",
  ),
  APPROVAL_CONTRADICTED: contradictory(
    "What was run is not what the approver was asked, or not when; do not land it, and ask the approver about the packet.",
  ),
  APPROVAL_SIGNATURE_WRONG: tampered(
    "The decision is not what its signer signed: somebody wrote or changed it without the approver's key.",
  ),
  APPROVAL_UNTRUSTED: {
    verdict: "untrusted",
    hint: "If you know the key to be an approver's: `cto keys trust FILE --role approver`; `cto keys list` shows whose keys count.",
  },
  ADMISSION_CONTRADICTED: contradictory(
    "Something ran that no admission record permits; `cto admit list` shows what is admitted now.",
  ),
  RUNG_CONTRADICTED: contradictory(
    "The run stood on a rung that its own bundle does not show as proven; `cto ladder --explain` recomputes it.",
  ),
  DISPOSABLE_CONTRADICTED: contradictory(
    "The throwaway repository does not hold this result alone; do not count the run as stage 4.",
  ),
  COMPARISON_CONTRADICTED: contradictory("`cto compare TASK` compares the lanes again, from bundles that verify now."),
  ROUTE_GUARD_CONTRADICTED: contradictory("The guard does not follow from its checks; `cto ladder --explain` does."),
  PROCESS_END_CONTRADICTED: contradictory(),
  PATCH_UNREADABLE: contradictory("patch.diff is not what `git diff` writes; run the task again."),
  PATCH_FILES_DIFFER: contradictory(),
  CHANGES_CONTRADICTED: contradictory(
    "The contract does not permit what the report says it does; do not believe the result.",
  ),
  CLAIMS_CONTRADICTED: contradictory(),
  TREE_CONTRADICTED: contradictory(
    "The tree that was verified is not the tree that is reported; do not believe the result.",
  ),
  SOURCE_CHANGED: contradictory(
    "The source repository changed during the run and no blocker says so; do not believe the result.",
  ),
  NO_EFFECT_MISSING: contradictory(),
  NO_EFFECT_CONTRADICTED: contradictory(),
  HOST_PATH_FOUND: contradictory(
    "Bundles are free of machine identity; run the task again with a cto that keeps host paths out.",
  ),
  // Status and blockers.
  STATUS_WITHOUT_BLOCKER: contradictory(),
  STATUS_CONTRADICTED: contradictory("Any blocker of kind fail makes the run fail; otherwise it is blocked."),
  BLOCKER_EVENT_WRONG: contradictory(),
  BLOCKER_NOT_IN_EVENTS: contradictory(),
  BLOCKER_NOT_REPORTED: contradictory(),
  BLOCKER_CONTRADICTED: contradictory(),
  // What a pass may not be.
  PASS_WITH_BLOCKER: contradictory(),
  PASS_WITHOUT_EVENT: contradictory(),
  PASS_WITHOUT_PROCESS: contradictory(),
  PASS_WITHOUT_DIFF: contradictory(),
  PASS_WITHOUT_VERIFICATION: contradictory(),
  PASS_WITH_FAILED_VERIFICATION: contradictory(),
  PASS_OUTSIDE_RULES: contradictory(),
  PASS_WITHOUT_APPROVAL: contradictory(),
  PASS_WITH_FALSE_CLAIM: contradictory(),
  PASS_WITHOUT_PROOF: contradictory(),
  // Signatures.
  ATTESTATION_UNCHECKED: {
    verdict: "untrusted",
    hint: "This version of cto cannot check attestations; use a newer one.",
  },
  ATTESTATION_MISSING: {
    verdict: "unsigned",
    hint: "The bundle is whole, but nobody signed it: whoever can write it could have made it.",
  },
} as const satisfies Record<string, FindingCodeEntry>;

export type FindingCode = keyof typeof FINDING_CODES;
