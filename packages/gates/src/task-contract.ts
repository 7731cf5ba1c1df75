import { isRelativePointer } from "@cto/evidence-interface";
import * as z from "zod";
import { patternProblem } from "./policy/path-pattern.ts";
import {
  actionsSchema,
  budgetFields,
  identifier as id,
  networkSchema,
  patternOf,
  patternOutsideGit,
  patternsOf,
  stageSchema,
} from "./policy/policy-fields.ts";

/** The literal `schema` value of a task contract. Any other version is refused. */
export const TASK_SCHEMA = "cto.task.v1";

// Every description below also ends the sentence "expected ..." of an error, so it is a noun phrase.
const flag = z.boolean().default(false).describe("true or false");
const note = z.string().min(1).max(10_000).describe("text of 1 to 10000 characters");

const word = z
  .string()
  .max(65_536)
  .refine((text) => !text.includes("\0"))
  .describe('text without NUL (numbers in quotes: "5")');
const argv = z
  .array(word)
  .min(1)
  .max(1000)
  .refine((words) => words[0] !== "", "a command as its first word")
  .describe("a command as a list of words, like [node, --test]");

const directory = (text: string) =>
  patternOutsideGit(text) ?? (text.includes("*") ? "the name of one folder, without `*`" : undefined);

const setupStep = z
  .strictObject({ run: argv, timeout_seconds: budgetFields.wall_seconds.default(300) })
  .describe("a step {run, timeout_seconds}");

const verificationStep = z
  .strictObject({
    id,
    run: argv,
    timeout_seconds: budgetFields.wall_seconds.default(300),
    reads: z
      .string()
      .refine((text) => text === "none" || text === "tap" || isJunitReader(text))
      .default("none")
      .describe("none, tap or junit:<path of a file below the root>"),
    compare_baseline: flag,
  })
  .describe("a step {id, run, timeout_seconds, reads, compare_baseline}");

function isJunitReader(text: string): boolean {
  return text.startsWith("junit:") && isRelativePointer(text.slice("junit:".length));
}

const approval = z
  .strictObject({
    required: flag,
    expires_minutes: z.int().min(1).max(43_200).default(60).describe("a whole number of minutes from 1 to 43200"),
  })
  .prefault({})
  .describe("a map {required, expires_minutes}");

/** The budget of a contract that says none. */
export const DEFAULT_BUDGET = { wall_seconds: 900, tokens: null, usd: null, artifact_bytes: 2 * 1024 ** 3 } as const;

const budget = z
  .strictObject({
    wall_seconds: budgetFields.wall_seconds.default(DEFAULT_BUDGET.wall_seconds),
    tokens: budgetFields.tokens.nullable().default(null).describe(`${budgetFields.tokens.description}, or null`),
    usd: budgetFields.usd.nullable().default(null).describe(`${budgetFields.usd.description}, or null`),
    artifact_bytes: budgetFields.artifact_bytes.default(DEFAULT_BUDGET.artifact_bytes),
  })
  .prefault({})
  .describe("a map {wall_seconds, tokens, usd, artifact_bytes}");

/** The shape of a task contract; what holds between its fields stands in `task-rules.ts`. */
export const taskSchema = z.strictObject({
  schema: z.literal(TASK_SCHEMA).describe(`the text ${TASK_SCHEMA}`),
  id,
  title: z
    .string()
    .max(200)
    .regex(/\S/)
    .regex(/^[^\r\n]*$/)
    .describe("one line of 1 to 200 characters"),
  brief: z.string().max(262_144).regex(/\S/).describe("text that says what to do"),
  authority_basis: z.string().max(10_000).default("").describe("text of at most 10000 characters"),
  risk_class: z.enum(["low", "medium", "high", "critical"]).default("low").describe("low, medium, high or critical"),
  stage: stageSchema.default(2),
  allowed_paths: patternsOf(patternOutsideGit).default([]),
  forbidden_paths: patternsOf(patternProblem).default([]),
  forbidden_actions: actionsSchema.default([]),
  protected_paths: patternsOf(patternProblem).default([]),
  setup: z.array(setupStep).max(100).default([]).describe("a list of steps {run, timeout_seconds}"),
  bring: z.array(patternOf(directory)).max(100).default([]).describe("a list of ignored folders, like [node_modules]"),
  by_products: patternsOf(patternOutsideGit).default([]),
  verification: z.array(verificationStep).max(100).default([]).describe("a list of steps {id, run}"),
  diff_required: z.boolean().default(true).describe("true or false"),
  approval,
  budget,
  network: networkSchema.default("none"),
  success_criteria: z.array(note).max(1000).default([]).describe("a list of sentences"),
  rollback: z.string().max(10_000).nullable().default(null).describe("text of at most 10000 characters, or null"),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** What may be changed, how it is checked, what is forbidden, for one task. Plain JSON values with every default filled in, frozen. */
export type TaskContract = DeepReadonly<z.output<typeof taskSchema>>;
/** One command of `verification`. */
export type VerificationStep = TaskContract["verification"][number];
/** One command of `setup`. */
export type SetupStep = TaskContract["setup"][number];

/** The JSON Schema (draft 2020-12) of a task file as a person writes it, for editors. States shape only; `parseTask` knows more. */
export function taskJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(taskSchema, { target: "draft-2020-12", io: "input" });
}
