import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CtoError, oneLine } from "@cto/errors";
import { type AdmissionProblem, MAX_RECORD_BYTES, parseRecord, type RecordFacts, type RecordFile } from "@cto/gates";
import { type Look, lookAtFile, lookAtFolder, unreadable } from "./look-at-place.ts";

const FOLDER = ["cto", "admissions"] as const;
const HINT = "Make it a plain file or folder that you may read, without symbolic links on the way, or remove it.";

/** All records of a home. */
export type RecordsOnDisk = RecordFacts;

/**
 * Every record in `cto/admissions/*.json` of a home, by name; other suffixes are not looked at, and no folder means no records. What cannot be read
 * or parsed, or is dated after `now`, is a problem and never left out. Writes nothing, never throws.
 */
export function readRecords(home: string, now: Date = new Date()): RecordsOnDisk {
  const folder = lookAtFolder(home, FOLDER);
  if (folder.kind !== "found") return toFacts(folder);
  let names: readonly string[];
  try {
    names = readdirSync(folder.value)
      // A record that is spelled X.JSON may be the one that revokes.
      .filter((name) => name.toLowerCase().endsWith(".json"))
      .sort();
  } catch (cause) {
    return toFacts({ kind: "problem", file: FOLDER.join("/"), message: unreadable(cause) });
  }
  const read = names.map((name) => readRecord(join(folder.value, name), [...FOLDER, oneLine(name)].join("/"), now));
  return { records: read.flatMap(({ records }) => records), problems: read.flatMap(({ problems }) => problems) };
}

function readRecord(path: string, file: string, now: Date): RecordFacts {
  const look = lookAtFile(path, file, MAX_RECORD_BYTES);
  // It was there a moment ago: what it said is not known.
  if (look.kind === "absent") {
    const message = path.includes("\ufffd") ? "has a name that is not UTF-8" : "cannot be read (ENOENT)";
    return toFacts({ kind: "problem", file, message });
  }
  if (look.kind === "problem") return toFacts(look);
  try {
    const record = parseRecord({ file, bytes: look.value, now });
    const sha256 = createHash("sha256").update(look.value).digest("hex");
    return { records: [{ file, sha256, record } satisfies RecordFile], problems: [] };
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    return { records: [], problems: toProblems(thrown) };
  }
}

function toProblems({ details }: CtoError): readonly AdmissionProblem[] {
  // The parser's own details; they lose their type in the error.
  return details.problems as unknown as readonly AdmissionProblem[];
}

function toFacts(look: Exclude<Look<unknown>, { kind: "found" }>): RecordFacts {
  if (look.kind === "absent") return { records: [], problems: [] };
  return { records: [], problems: [{ file: look.file, path: "", message: look.message, hint: HINT }] };
}
