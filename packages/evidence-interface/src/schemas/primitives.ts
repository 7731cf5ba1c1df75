import * as z from "zod";
import { FAILURE_CODE_NAMES, type FailureCode } from "../failure-codes.ts";
import { relativePointerLength, relativePointerPattern } from "../relative-pointer.ts";
import { EVENT_ORDER } from "../vocabulary.ts";

/** Lower-case hex SHA-256. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
/** Lower-case hex git object id (SHA-1 or SHA-256). */
export const gitObjectIdSchema = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const timestampSchema = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/);
export const runIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,127}$/);
export const identifierSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/);
/** The full name of the branch that holds a run's result: `refs/heads/cto/<run id>`. */
export const runBranchSchema = z.string().regex(/^refs\/heads\/cto\/[a-z0-9][a-z0-9-]{0,127}$/);
export const countSchema = z.int().min(0);
/** A path inside the run directory: relative, forward slashes, no `..`, no drive letter, no URL. */
export const pointerSchema = z
  .string()
  .max(relativePointerLength)
  .regex(relativePointerPattern, "must be a relative path inside the run directory");
/** A repository path as evidence text: UTF-8, or git's C-style quoted form for names that are not plain text. */
export const pathTextSchema = z.string().min(1);
export const failureCodeSchema = z.enum(FAILURE_CODE_NAMES as readonly [FailureCode, ...FailureCode[]]);
export const eventNameSchema = z.enum(EVENT_ORDER);

/** How a process ended; the exit code exists only where the process exited by itself. */
export const processEndSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exited"), code: z.int().min(0).max(255) }),
  z.strictObject({ kind: z.literal("signaled"), signal: z.string().min(1) }),
  z.strictObject({ kind: z.literal("timed-out") }),
  z.strictObject({ kind: z.literal("canceled") }),
  z.strictObject({ kind: z.literal("not-started"), reason: z.string().min(1) }),
]);
export type ProcessEnd = z.infer<typeof processEndSchema>;

/** A coded reason why a run did not pass. */
export const blockerSchema = z.looseObject({
  code: failureCodeSchema,
  message: z.string().min(1),
  hint: z.string().min(1),
  event: eventNameSchema,
});
export type Blocker = z.infer<typeof blockerSchema>;

/** All that a bundle says about the source repository's state; names, branches and remotes stay out. */
export const lossyGitStateSchema = z.strictObject({
  work_tree: z.boolean(),
  clean: z.boolean(),
  head: z
    .string()
    .regex(/^[0-9a-f]{7,12}$/)
    .nullable(),
  attachment: z.enum(["attached", "detached", "unborn", "unknown"]),
  staged: countSchema,
  unstaged: countSchema,
  untracked: countSchema,
});
export type LossyGitState = z.infer<typeof lossyGitStateSchema>;
