import { identifierSchema, STAGES } from "@cto/evidence-interface";
import * as z from "zod";
import { namesGitDirectory, patternProblem } from "./path-pattern.ts";

// What task contracts and policies say alike. Every description also ends the sentence "expected ..." of an error, so it is a noun phrase.

/** The actions that are forbidden by a known name; other identifiers are accepted and carried along. */
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
const TEBIBYTE = 1024 ** 4;

/** Says why a pattern is not one, in words that follow "expected"; undefined if it is fine. */
type DescribeProblem = (text: string) => string | undefined;

export const patternOf = (describeProblem: DescribeProblem) =>
  z
    .string()
    .max(4096)
    .superRefine((text, context) => {
      const message = describeProblem(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .describe("a path pattern of at most 4096 characters, like src/*.ts");

export const patternsOf = (describeProblem: DescribeProblem) =>
  z.array(patternOf(describeProblem)).max(10_000).describe('a list of path patterns, like ["src/", "docs/*.md"]');

/** For lists that permit: a pattern that names `.git` could never permit anything. */
export const patternOutsideGit: DescribeProblem = (text) =>
  patternProblem(text) ?? (namesGitDirectory(text) ? "a path outside .git, which is always forbidden" : undefined);

export const identifier = identifierSchema.describe(
  "an identifier: lower-case letters, digits, dots, dashes, underscores, at most 128",
);

export const actionsSchema = z
  .array(identifier)
  .max(1000)
  .describe(`a list of actions, like [${KNOWN_ACTIONS.slice(0, 2).join(", ")}]`);

export const stageSchema = z.union(STAGES.map((stage) => z.literal(stage))).describe("a stage from 1 to 6");

export const networkSchema = z.enum(["none", "gateway"]).describe("none or gateway");

export const budgetFields = {
  wall_seconds: z.int().min(1).max(DAY_SECONDS).describe(`a whole number of seconds from 1 to ${DAY_SECONDS}`),
  tokens: z.int().min(1).max(1e12).describe("a whole number of tokens from 1"),
  usd: z.number().min(0).max(1e6).describe("an amount from 0 to 1000000"),
  artifact_bytes: z.int().min(1024).max(TEBIBYTE).describe("a whole number of bytes from 1024 to 1 TiB"),
};
