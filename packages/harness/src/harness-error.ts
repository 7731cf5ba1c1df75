import { CtoError, type CtoErrorOptions } from "@cto/errors";

/** The error codes of this package. */
export type HarnessErrorCode =
  | "CASE_EXPECTATION_INVALID"
  | "CASE_EXPECTATION_MISSING"
  | "CASE_EXPECTATION_UNREADABLE"
  | "CONFIG_INVALID"
  | "ENGINE_INPUT_UNREADABLE"
  | "HARNESS_ENGINE_REPLACED"
  | "RECORD_AMBIGUOUS"
  | "RECORD_EXISTS"
  | "RECORD_UNWRITABLE"
  | "RUN_FIXTURE_MISSING"
  | "RUN_REF_UNUSED"
  | "RUN_RETAIN_UNUSED"
  | "RUN_STAGE_TOO_HIGH"
  | "RUN_TARGET_INSIDE_STORE"
  | "RUN_TARGET_MISSING"
  | "RUN_TARGET_UNUSABLE"
  | "RUN_TARGET_UNUSED"
  | "TASK_IS_DIRECTORY"
  | "TASK_NOT_FOUND"
  | "TASK_UNREADABLE";

/** Binds the code to the closed union. */
export function createHarnessError(
  code: HarnessErrorCode,
  message: string,
  options: CtoErrorOptions,
): CtoError<HarnessErrorCode> {
  return new CtoError(code, message, options);
}
