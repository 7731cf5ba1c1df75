import { CtoError, type CtoErrorOptions } from "@cto/errors";

/** The error codes of this package. */
export type WorkspaceErrorCode =
  | "WORKSPACE_DIRECTORY_IN_USE"
  | "WORKSPACE_FIXTURE_MISSING"
  | "WORKSPACE_FIXTURE_INVALID"
  | "WORKSPACE_FIXTURE_TOO_LARGE"
  | "WORKSPACE_OBJECTS_MISSING"
  | "WORKSPACE_UNREADABLE"
  | "WORKSPACE_TOO_LARGE"
  | "WORKSPACE_CANCELED"
  | "WORKSPACE_WRITE_FAILED";

/** Binds the code to the closed union. */
export function createWorkspaceError(
  code: WorkspaceErrorCode,
  message: string,
  options: CtoErrorOptions,
): CtoError<WorkspaceErrorCode> {
  return new CtoError(code, message, options);
}
