import {
  EVENT_ORDER,
  FAILURE_CODE_NAMES,
  FAILURE_CODES,
  type FailureCode,
  RUN_STATUSES,
} from "@cto/evidence-interface";
import * as z from "zod";
import { safeParseSettings } from "../config/safe-parse-settings.ts";
import { createHarnessError } from "../harness-error.ts";

const EXIT_OF_STATUS = { pass: 0, fail: 1, blocked: 3 } as const;

const outcomeSchema = z
  .strictObject({
    status: z.enum(RUN_STATUSES),
    code: z.enum(FAILURE_CODE_NAMES as readonly [FailureCode, ...FailureCode[]]).nullable(),
    event: z.enum(EVENT_ORDER).nullable(),
    exit: z.int(),
  })
  .refine((expect) => expect.status === (expect.code === null ? "pass" : FAILURE_CODES[expect.code].status), {
    path: ["status"],
    error: "another status than the code gives a run",
  })
  .refine((expect) => (expect.code === null) === (expect.event === null), {
    path: ["event"],
    error: "expected an event if there is a code, and null if there is none",
  })
  .refine((expect) => expect.exit === EXIT_OF_STATUS[expect.status], {
    path: ["exit"],
    error: "expected 0 for pass, 1 for fail, 3 for blocked",
  });

const expectationSchema = z.strictObject({
  schema: z.literal("cto.expect.v1"),
  invoke: z
    .strictObject({ stage: z.literal([1, 2, 3]), target: z.enum(["none", "clean", "dirty"]) })
    .refine((invoke) => (invoke.stage === 3) === (invoke.target !== "none"), {
      path: ["target"],
      error: "expected a prepared target (clean or dirty) at stage 3 and none below",
    }),
  expect: outcomeSchema,
});

/**
 * `expect.yaml` of a case: how it is invoked and what must come out. A prepared target is a git repository made from the case's fixture;
 * `dirty` has one uncommitted change. `code` and `event` are those of the blocker that decides.
 */
export type Expectation = z.infer<typeof expectationSchema>;

/** Reads the text of an `expect.yaml`. Throws `CASE_EXPECTATION_INVALID` with file, line and column of the first problem. */
export function parseExpectation({ file, text }: { readonly file: string; readonly text: string }): Expectation {
  const result = safeParseSettings(text, expectationSchema);
  if (result.ok) return result.value;
  const { line, column, message } = result.problem;
  throw createHarnessError("CASE_EXPECTATION_INVALID", `${file}:${line}:${column}: ${message}`, {
    hint: "Expected, for instance: schema: cto.expect.v1, invoke: {stage: 2, target: none}, expect: {status: pass, code: null, event: null, exit: 0}.",
    details: { file, line, column },
  });
}
