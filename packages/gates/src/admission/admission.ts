import type { AdmissionStatus, AdmissionsProof } from "@cto/evidence-interface";
import type { AdmissionProblem } from "./admission-error.ts";
import type { AdmissionRecord } from "./record-kinds.ts";

/** A record as it was read: the name to show, the SHA-256 of the file's bytes, the content. */
export interface RecordFile<Entry extends AdmissionRecord = AdmissionRecord> {
  readonly file: string;
  readonly sha256: string;
  readonly record: Entry;
}

/** All that is in `cto/admissions/`. One file that cannot be read or parsed makes every admission invalid: it may be the one that revokes. */
export interface RecordFacts {
  readonly records: readonly RecordFile[];
  readonly problems: readonly AdmissionProblem[];
}

/** The records and the moment at which they are asked: none counts before the time that stands in it. */
export interface RecordQuestion extends RecordFacts {
  readonly now: Date;
}

/** One line of `proofs/admissions.json`. */
export type AdmissionItem = AdmissionsProof["items"][number];

/** The record that was compared, or null where there is none, or not exactly one. */
export type ComparedRecord<Entry extends AdmissionRecord> =
  | { readonly record: Entry; readonly file: string; readonly record_sha256: string }
  | { readonly record: null; readonly file: null; readonly record_sha256: null };

/** What the records say of a thing as it is now. Free of absolute paths, so that it may stand in a bundle. */
export type AdmissionJudgement<Entry extends AdmissionRecord = AdmissionRecord> = ComparedRecord<Entry> & {
  readonly status: AdmissionStatus;
  /** Why it is not admitted: file, field, expected, seen. Empty if it is. */
  readonly problems: readonly string[];
  /** The command or edit that would change the answer. */
  readonly hint: string;
  /** For `proofs/admissions.json`: every record that was asked, in the order in which it was asked. */
  readonly items: readonly AdmissionItem[];
};
