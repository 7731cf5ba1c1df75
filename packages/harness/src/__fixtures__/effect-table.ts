import { expect, it } from "vitest";
import { codesOf, type KitOptions, runKit, type SeenRun } from "./run-kit.ts";

type Steps = readonly unknown[];
/** What the engine does, with which contract, and the codes and messages that follow; no codes for a clean pass. */
export type Row = [what: string, steps: Steps, expected: Expected, task?: Readonly<Record<string, unknown>>];
/** Codes in their order, and what the message of the first one says. */
type Expected = readonly [codes: readonly string[], ...messages: readonly RegExp[]];

// Steps of the fake's script, in short.
export const write = (path: string, text = "x\n") => ({ write: { path, text } });
export const link = (path: string, target: string) => ({ symlink: { path, target } });
export const sh = (script: string) => ({ run: { argv: ["sh", "-ec", script] } });
export const python = (script: string) => ({ run: { argv: ["python3", "-c", script] } });
const change = write("a.txt", "new\n");

// What a row expects, in short.
export const PASS: Expected = [[]];
export const hidden = (...messages: RegExp[]): Expected => [["hidden_mutation"], ...messages];
export const disallowed = (...messages: RegExp[]): Expected => [["disallowed_file_change"], ...messages];
export const forbidden = (...messages: RegExp[]): Expected => [["forbidden_path_change"], ...messages];

/** One run in which the engine does what is allowed, and these steps beside it. */
export function runRow(steps: Steps, task: KitOptions["task"] = {}): Promise<SeenRun> {
  const allowed = { allowed_paths: ["a.txt", "dir/"], verification: [{ id: "check", run: ["true"] }], ...task };
  const fixture = { "a.txt": "old\n", "b.txt": "other\n", "dir/c.txt": "c\n", ".gitignore": "ignored/\n*.log\n" };
  return runKit({ steps: [change, ...steps], task: allowed, fixture });
}

/** A test for every row, side by side. */
export function table(rows: readonly Row[]): void {
  it.concurrent.each(rows)("%s", async (_what, steps, [codes, ...messages], task) => {
    const run = await runRow(steps, task);
    expect(codesOf(run)).toEqual(codes);
    for (const message of messages) expect(run.outcome.blockers[0]?.message).toMatch(message);
    expect(run.verified.verdict).toBe("unsigned");
  });
}
