import { CtoError, type JsonObject, messageOf, systemCode } from "@cto/errors";

export type StoreErrorCode =
  | "APPROVAL_AMBIGUOUS"
  | "APPROVAL_CLAIM_INVALID"
  | "APPROVAL_DECIDED"
  | "APPROVAL_FILE_UNSAFE"
  | "APPROVAL_NOT_FOUND"
  | "APPROVAL_PACKET_INVALID"
  | "APPROVAL_SPENT"
  | "KEY_EXISTS"
  | "KEY_FILE_UNSAFE"
  | "KEY_INVALID"
  | "KEY_LINKED"
  | "KEY_NAME_INVALID"
  | "KEY_NOT_FOUND"
  | "KEY_NOT_TRUSTED"
  | "KEY_OWNER_OTHER"
  | "KEY_PUBLIC_INVALID"
  | "KEY_READABLE_BY_OTHERS"
  | "KEY_TYPE_UNSUPPORTED"
  | "STORE_HOME_UNSAFE"
  | "STORE_LINE_INVALID"
  | "STORE_LOCKED"
  | "STORE_NOT_WRITABLE"
  | "STORE_POINTER_INVALID"
  | "STORE_POINTER_TAKEN"
  | "STORE_READ_FAILED"
  | "STORE_RUN_AMBIGUOUS"
  | "STORE_RUN_EXISTS"
  | "STORE_RUN_INVALID"
  | "STORE_RUN_NOT_FOUND"
  | "STORE_RUN_RUNNING"
  | "STORE_WRITE_FAILED"
  | "STORE_WRITER_CLOSED"
  | "TRUSTED_KEYS_INVALID"
  | "TRUSTED_KEYS_UNREADABLE";

/** A coded error of this package. */
export function storeError(
  code: StoreErrorCode,
  message: string,
  hint: string,
  details: JsonObject = {},
  cause?: unknown,
): CtoError<StoreErrorCode> {
  return new CtoError(code, message, { hint, details, ...(cause === undefined ? {} : { cause }) });
}

const writeHints: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space, or remove old runs with `cto runs rm`.",
  EDQUOT: "The disk quota is used up: free some space, or remove old runs with `cto runs rm`.",
  EFBIG: "A file would grow beyond what the system permits: check `ulimit -f`.",
  EROFS: "The file system is read-only: run in a directory that can be written.",
  EACCES: "Check who owns the .cto folder and what it permits.",
  EIO: "The disk reports a fault: check it before you trust it with evidence.",
};

/** Any failed write of the store, translated once. `file` is shown as it is given: pass a path relative to `.cto`. */
export function writeFailed(file: string, cause: unknown): CtoError<StoreErrorCode> {
  if (CtoError.is(cause)) return cause as CtoError<StoreErrorCode>;
  const system = systemCode(cause) ?? "unknown";
  const hint = writeHints[system] ?? "Check the disk and the permissions of the .cto folder.";
  return storeError("STORE_WRITE_FAILED", `Cannot write ${file}: ${messageOf(cause)}`, hint, { file, system }, cause);
}

/** `STORE_NOT_WRITABLE` for a failed write that more room would not help, else undefined. Its cause is the system's error: it is no refusal of a disk in the middle of a run. */
export function notWritable(thrown: unknown): CtoError<StoreErrorCode> | undefined {
  const cause = CtoError.is(thrown) ? thrown.cause : thrown;
  const system = systemCode(cause) ?? "";
  const isReadOnly = system === "EROFS";
  if (!isReadOnly && system !== "EACCES" && system !== "EPERM") return undefined;
  const why = isReadOnly ? "the file system is read-only" : "this user may not write there";
  return storeError(
    "STORE_NOT_WRITABLE",
    `No run can be recorded in .cto: ${why}.`,
    isReadOnly
      ? "Work in a directory that can be written, or mount it read-write."
      : "Check who owns .cto and the directory that it lies in, and what they permit.",
    { system },
    cause,
  );
}

/** Any failed read of the store, translated once. */
export function readFailed(file: string, cause: unknown): CtoError<StoreErrorCode> {
  if (CtoError.is(cause)) return cause as CtoError<StoreErrorCode>;
  const system = systemCode(cause) ?? "unknown";
  const hint = "Check that it exists and that you may read it.";
  return storeError("STORE_READ_FAILED", `Cannot read ${file}: ${messageOf(cause)}`, hint, { file, system }, cause);
}

/** True for the system errors that mean: no room. */
export function isNoRoom(thrown: unknown): boolean {
  const cause = CtoError.is(thrown) ? thrown.cause : thrown;
  return ["ENOSPC", "EDQUOT"].includes(systemCode(cause) ?? "");
}
