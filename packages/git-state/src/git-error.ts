import { CtoError, type CtoErrorOptions } from "@cto/errors";

/** The error codes of this package. */
export type GitErrorCode =
  | "GIT_NOT_FOUND"
  | "GIT_FAILED"
  | "GIT_TIMED_OUT"
  | "GIT_CANCELED"
  | "GIT_OUTPUT_TRUNCATED"
  | "GIT_DIRECTORY_MISSING"
  | "GIT_NOT_A_DIRECTORY"
  | "GIT_NOT_A_REPOSITORY"
  | "GIT_NOT_THE_TOP_LEVEL"
  | "GIT_UNBORN"
  | "GIT_REF_UNKNOWN"
  | "GIT_UNREADABLE";

/** Binds the code to the closed union. */
export function createGitError(code: GitErrorCode, message: string, options: CtoErrorOptions): CtoError<GitErrorCode> {
  return new CtoError(code, message, options);
}
