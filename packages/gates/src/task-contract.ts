import { identifierSchema, isRelativePointer, STAGES } from "@cto/evidence-interface";
import * as z from "zod";
import { namesGitDirectory, patternProblem } from "./path-pattern.ts";

/** The literal `schema` value of a task contract. Any other version is refused. */
export const TASK_SCHEMA = "cto.task.v1";

/** The actions that a contract may forbid by a known name; other identifiers are accepted and carried along. */
export const KNOWN_ACTIONS = [
  "push",
  "merge",
  "deploy",
  "close",
  "pr_open",
  "issue_close",
  "public_publication",
  "credential_change",
  "vendor_source_mutation",
  "network",
] as const;

const DAY_SECONDS = 86_400;
const GIBIBYTE = 1024 ** 3;

// Every description below also ends the sentence "expected ..." of an error, so it is a noun phrase.
const id = identifierSchema.describe(
  "an identifier: lower-case letters, digits, dots, dashes, underscores, at most 128",
);
const seconds = z.int().min(1).max(DAY_SECONDS);
const secondsPhrase = `a whole number of seconds from 1 to ${DAY_SECONDS}`;
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

const patternOf = (describeProblem: (text: string) => string | undefined) =>
  z
    .string()
    .max(4096)
    .superRefine((text, context) => {
      const message = describeProblem(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .describe("a path pattern of at most 4096 characters, like src/*.ts");
const patternsOf = (describeProblem: (text: string) => string | undefined) =>
  z
    .array(patternOf(describeProblem))
    .max(10_000)
    .default([])
    .describe('a list of path patterns, like ["src/", "docs/*.md"]');
const patternOutsideGit = (text: string) =>
  patternProblem(text) ?? (namesGitDirectory(text) ? "a path outside .git, which is always forbidden" : undefined);
const directory = (text: string) =>
  patternOutsideGit(text) ?? (text.includes("*") ? "the name of one folder, without `*`" : undefined);

const setupStep = z
  .strictObject({ run: argv, timeout_seconds: seconds.default(300).describe(secondsPhrase) })
  .describe("a step {run, timeout_seconds}");

const verificationStep = z
  .strictObject({
    id,
    run: argv,
    timeout_seconds: seconds.default(300).describe(secondsPhrase),
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

const budget = z
  .strictObject({
    wall_seconds: seconds.default(900).describe(secondsPhrase),
    tokens: z.int().min(1).max(1e12).nullable().default(null).describe("a whole number of tokens from 1, or null"),
    usd: z.number().min(0).max(1e6).nullable().default(null).describe("an amount from 0 to 1000000, or null"),
    artifact_bytes: z
      .int()
      .min(1024)
      .max(1024 * GIBIBYTE)
      .default(2 * GIBIBYTE)
      .describe("a whole number of bytes from 1024 to 1 TiB"),
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
  stage: z
    .union(STAGES.map((stage) => z.literal(stage)))
    .default(2)
    .describe("a stage from 1 to 6"),
  allowed_paths: patternsOf(patternOutsideGit),
  forbidden_paths: patternsOf(patternProblem),
  forbidden_actions: z
    .array(id)
    .max(1000)
    .default([])
    .describe(`a list of actions, like [${KNOWN_ACTIONS.slice(0, 2).join(", ")}]`),
  protected_paths: patternsOf(patternProblem),
  setup: z.array(setupStep).max(100).default([]).describe("a list of steps {run, timeout_seconds}"),
  bring: z.array(patternOf(directory)).max(100).default([]).describe("a list of ignored folders, like [node_modules]"),
  by_products: patternsOf(patternOutsideGit),
  verification: z.array(verificationStep).max(100).default([]).describe("a list of steps {id, run}"),
  diff_required: z.boolean().default(true).describe("true or false"),
  approval,
  budget,
  network: z.enum(["none", "gateway"]).default("none").describe("none or gateway"),
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
