import { oneLine } from "@cto/errors";
import type { PolicyLayer, Widening } from "@cto/gates";
import type { PolicyLayerProblem } from "@cto/harness";
import type { Terminal } from "../terminal.ts";
import type { Answer } from "./answer-word.ts";
import type { WordKind } from "./asked-word.ts";

interface Shown {
  readonly word: string;
  readonly kind: WordKind;
  readonly answer: Answer;
  readonly layers: readonly PolicyLayer[];
  readonly guessed: boolean;
}

/** Prints what a policy says of a word. */
export function sayAnswer(terminal: Terminal, { answer, guessed, kind, layers, word }: Shown): void {
  const { allowed, file, layer, rule, verdict, why } = answer;
  const other =
    kind === "path" ? "--as action, model, engine or target says otherwise" : "--as path if you mean a file";
  terminal.say(
    [
      `${terminal.paint(allowed ? "green" : "red", verdict === "no-rule" ? "no rule" : verdict)} ${oneLine(word)}`,
      `  taken for ${kind === "action" || kind === "engine" ? "an" : "a"} ${kind}${guessed ? ` (${other})` : ""}`,
      ...(rule === null ? [] : [`  rule   ${oneLine(rule, 200)}`]),
      ...(layer === null || file === null ? [] : [`  layer  ${layer}, ${placeOf({ ...answer, file })}`]),
      `  why    ${oneLine(why, 400)}`,
      layers.length === 0
        ? "  no layer is there; --task T asks a task contract too"
        : `  asked  ${layers.map((one) => `${one.layer} (${one.file})`).join(", ")}`,
    ].join("\n"),
  );
}

/** Prints the layers that cannot be read. */
export function sayProblems(terminal: Terminal, problems: readonly PolicyLayerProblem[]): void {
  for (const { file, hint, layer, message } of problems) {
    const placed = message.startsWith(file) ? message : `${file}: ${message}`;
    terminal.say(`${terminal.paint("yellow", "unreadable")} ${layer} layer, ${placed}\n  ${hint}`);
  }
}

/** Prints what widens, with its place. */
export function sayWidenings(terminal: Terminal, widenings: readonly Widening[]): void {
  for (const widening of widenings)
    terminal.say(
      `${terminal.paint("red", "widens")} ${widening.layer} layer, ${placeOf(widening)}: ${oneLine(widening.message, 500)}\n  ${widening.hint}`,
    );
}

/** A number of things: `1 rule`, `2 rules`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function placeOf({
  column,
  file,
  line,
}: {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}): string {
  return line === null ? file : `${file}:${line}:${column ?? 1}`;
}
