import { CtoError, findSecrets } from "@cto/errors";

/** Checks a typed `--reason`; null without one. Throws `CLI_USAGE`. */
export function parseReason(value: unknown): string | null {
  const reason = value === undefined ? "" : String(value).trim();
  if (reason.length > 2000)
    throw new CtoError("CLI_USAGE", `the reason has ${reason.length} characters`, { hint: "At most 2000." });
  if (findSecrets(reason).length > 0)
    throw new CtoError("CLI_USAGE", "the reason holds something that looks like a secret", {
      hint: "It goes into a record that others read. Say it without.",
    });
  return reason === "" ? null : reason;
}
