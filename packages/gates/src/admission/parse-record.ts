import { closestWord, oneLine } from "@cto/errors";
import { safeParseStrictJson } from "@cto/evidence-interface";
import type * as z from "zod";
import { toShown } from "../blocker.ts";
import { showPath } from "../schema-lookup.ts";
import { type AdmissionErrorCode, type AdmissionProblem, toAdmissionError } from "./admission-error.ts";
import { type AdmissionRecord, RECORD_SHAPES } from "./record-kinds.ts";
import { findRuleBreaches } from "./record-rules.ts";
import { findRecordSecrets } from "./record-secrets.ts";
import { findShapeProblems, type ShapeProblem } from "./record-shape.ts";

/** The largest record file that is read: 1 MiB. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** A record file, as its text or as the bytes on disk. `file` is the name that messages begin with; nothing in it may be later than `now`. */
export type RecordSource = { readonly file: string; readonly now: Date } & (
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
);

/**
 * Reads one record of `cto/admissions/` from strict JSON. Throws one CtoError for all problems, with `details.problems`: `ADMISSION_TOO_LARGE`,
 * `ADMISSION_SYNTAX` (duplicate keys, a byte order mark, no UTF-8, ...), `ADMISSION_VERSION` (no known `schema`), `ADMISSION_SECRET` (a
 * secret-shaped key or value is among the problems) or `ADMISSION_INVALID` (a field is missing, wrong, unknown, or a date is not real or ahead
 * of `now`).
 */
export function parseRecord(source: RecordSource): AdmissionRecord {
  const file = oneLine(source.file);
  const refuse = (code: AdmissionErrorCode, message: string, hint: string) =>
    toAdmissionError(code, [{ file, path: "", message, hint }]);

  const input = "bytes" in source ? source.bytes : source.text;
  if (input.length > MAX_RECORD_BYTES) {
    throw refuse(
      "ADMISSION_TOO_LARGE",
      `${input.length} bytes, expected at most ${MAX_RECORD_BYTES}`,
      "A record is a short file that a person can read.",
    );
  }
  const json = safeParseStrictJson(input);
  if (!json.ok) {
    const { column, line, message } = json.error;
    throw refuse(
      "ADMISSION_SYNTAX",
      `line ${line}, column ${column}: ${message}`,
      "Write one JSON object in UTF-8, each key once.",
    );
  }
  const { value } = json;
  const version = isObject(value) ? value.schema : undefined;
  if (!isObject(value) || !isKnownVersion(version)) {
    const known = Object.keys(RECORD_SHAPES);
    const meant = typeof version === "string" ? closestWord(version, known) : undefined;
    const seen = version === undefined ? "is missing" : `is ${toShown(JSON.stringify(version), 80)}`;
    throw refuse(
      "ADMISSION_VERSION",
      isObject(value)
        ? `schema ${seen}, expected ${meant ?? "the version of a known record"}`
        : "expected one JSON object",
      `Known records: ${known.join(", ")}.`,
    );
  }
  const problems = findProblems(value, RECORD_SHAPES[version], source.now);
  if (problems.length > 0) {
    const code = problems.some(({ hint }) => hint === SECRET_HINT) ? "ADMISSION_SECRET" : "ADMISSION_INVALID";
    throw toAdmissionError(
      code,
      problems.map((problem) => toAdmissionProblem(file, problem)),
    );
  }
  // The schema has no defaults and drops nothing: the value is what it says.
  return value as AdmissionRecord;
}

/** One problem for each place, the most exact one: what holds a secret is not described further. */
function findProblems(value: Readonly<Record<string, unknown>>, schema: z.ZodType, now: Date): readonly ShapeProblem[] {
  const secrets = findRecordSecrets(value).map((secret) => ({ ...secret, hint: SECRET_HINT }));
  const places = new Set<string>();
  return [...secrets, ...findRuleBreaches(value, now), ...findShapeProblems(value, schema)].filter(({ path }) => {
    const place = JSON.stringify(path);
    const isNew = !places.has(place);
    places.add(place);
    return isNew;
  });
}

function toAdmissionProblem(file: string, { hint, message, path }: ShapeProblem): AdmissionProblem {
  const place = showPath(path);
  return { file, path: place, message: `${place || "the record"} ${message}`, hint };
}

const SECRET_HINT =
  "Records only name classes of credentials. Remove it here and from the history, and revoke it if it was real.";

function isKnownVersion(version: unknown): version is keyof typeof RECORD_SHAPES {
  return typeof version === "string" && Object.hasOwn(RECORD_SHAPES, version);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
