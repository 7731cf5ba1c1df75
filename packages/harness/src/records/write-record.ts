import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createExclusive, replaceDurably } from "@cto/bundle-store";
import { type CtoError, messageOf, systemCode } from "@cto/errors";
import { type AdmissionRecord, parseRecord, toRecordFileName, toRecordSubject } from "@cto/gates";
import { createHarnessError, type HarnessErrorCode } from "../harness-error.ts";
import { lookAtFolder } from "./look-at-place.ts";
import { readRecords } from "./read-records.ts";

export interface WriteRecordOptions {
  readonly home: string;
  readonly record: AdmissionRecord;
  /** True to put it in the place of the record that says the same thing. */
  readonly replace: boolean;
  readonly now: Date;
}

/**
 * Writes a record into `cto/admissions/`, all of it or nothing, and answers the file's name from the home. A record of the same subject is replaced
 * in its own file. Throws the `ADMISSION_*` codes of `parseRecord` (nothing is written that could not be read back), `RECORD_EXISTS` without
 * `replace`, `RECORD_AMBIGUOUS`, `RECORD_UNWRITABLE`.
 */
export function writeRecord({ home, now, record, replace }: WriteRecordOptions): string {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  const own = `cto/admissions/${toRecordFileName(record)}`;
  parseRecord({ file: own, text, now });
  const same = readRecords(home, now).records.filter((one) => toRecordSubject(one.record) === toRecordSubject(record));
  const [first, second] = same.map(({ file }) => file);
  if (second !== undefined) throw ambiguous(same.map(({ file }) => file));
  const file = first ?? own;
  if (!replace && first !== undefined) throw exists(file);
  const path = join(openFolder(home, file), basename(file));
  if (!putFile(path, Buffer.from(text), replace, file)) throw exists(file);
  return file;
}

/** False if something stands there already and must not be replaced. */
function putFile(path: string, bytes: Uint8Array, replace: boolean, file: string): boolean {
  try {
    if (!replace) return createExclusive(path, bytes, 0o644);
    replaceDurably(path, bytes, 0o644);
    return true;
  } catch (cause) {
    throw unwritable(file, messageOf(cause), cause);
  }
}

function openFolder(home: string, file: string): string {
  for (const names of [["cto"], ["cto", "admissions"]]) {
    const look = lookAtFolder(home, names);
    if (look.kind === "problem") throw unwritable(file, `${look.file} ${look.message}`, undefined);
    if (look.kind === "found") continue;
    try {
      mkdirSync(join(home, ...names));
    } catch (cause) {
      if (systemCode(cause) !== "EEXIST") throw unwritable(file, messageOf(cause), cause);
    }
  }
  const look = lookAtFolder(home, ["cto", "admissions"]);
  if (look.kind === "found") return look.value;
  throw unwritable(file, look.kind === "absent" ? "its folder is gone" : `${look.file} ${look.message}`, undefined);
}

function exists(file: string): CtoError<HarnessErrorCode> {
  return createHarnessError("RECORD_EXISTS", `${file} already says this, and nothing is overwritten`, {
    hint: "--replace puts the new record in its place.",
    details: { file },
  });
}

function ambiguous(files: readonly string[]): CtoError<HarnessErrorCode> {
  return createHarnessError(
    "RECORD_AMBIGUOUS",
    `${files.length} records speak of the same thing: ${files.join(", ")}`,
    {
      hint: "Keep one of them and remove the others.",
      details: { files },
    },
  );
}

function unwritable(file: string, why: string, cause: unknown): CtoError<HarnessErrorCode> {
  return createHarnessError("RECORD_UNWRITABLE", `${file} cannot be written: ${why}`, {
    hint: "Make cto/admissions a folder that you may write, without symbolic links on the way.",
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
