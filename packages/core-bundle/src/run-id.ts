import { CtoError } from "@cto/errors";

export interface RunIdOptions {
  /** Words for people, usually the case or task id. Anything but lower-case letters and digits becomes a hyphen. */
  readonly prefix: string;
  readonly at: Date | string;
  /** At least 6 random bytes; the first 6 are used. */
  readonly entropy: Uint8Array;
}

const prefixLength = 90;

/**
 * A run id: `<prefix>-<UTC time to the millisecond>-<12 hex digits>`, matching `^[a-z0-9][a-z0-9-]{0,127}$`. Ids with one prefix sort by
 * time. The same input gives the same id. Throws `BUNDLE_RUN_ID_INPUT` on an invalid time or too little entropy.
 */
export function createRunId(options: RunIdOptions): string {
  const at = new Date(options.at);
  if (Number.isNaN(at.getTime()) || at.getTime() < 0 || at.getUTCFullYear() > 9999)
    throw badInput("the time is not a valid date");
  if (options.entropy.length < 6) throw badInput("less than 6 bytes of entropy");
  const words = options.prefix
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, prefixLength)
    .replace(/^-+|-+$/g, "");
  const time = at.toISOString().toLowerCase().replace(/[-:.]/g, "");
  const digits = Array.from(options.entropy.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${words || "run"}-${time}-${digits}`;
}

function badInput(what: string): CtoError<"BUNDLE_RUN_ID_INPUT"> {
  return new CtoError("BUNDLE_RUN_ID_INPUT", `Cannot make a run id: ${what}.`, {
    hint: "Pass the time as a Date or ISO string and at least 6 random bytes.",
  });
}
