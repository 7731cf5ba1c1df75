import { styleText } from "node:util";
import type { Output } from "./output.ts";

type Style = Parameters<typeof styleText>[0];

/** Where a command writes. With `--json` standard output holds exactly one document, so people's text goes to standard error. */
export interface Terminal {
  readonly json: boolean;
  /** A line of the answer, for people. */
  say(line?: string): void;
  /** A line about progress; always standard error. */
  note(line: string): void;
  /** The one JSON document of a `--json` command. */
  document(value: unknown): void;
  /** Text as it is, on standard output also with `--json`: help that was asked for. */
  print(text: string): void;
  /** Text for a person in colour, if the stream shows colours and `NO_COLOR` is not set. */
  paint(style: Style, text: string): string;
}

/** A terminal over the process's own streams. */
export function createTerminal({ json, out, err }: { json: boolean; out: Output; err: Output }): Terminal {
  const people = json ? err : out;
  const coloured = shouldColour(json ? process.stderr : process.stdout);
  return {
    json,
    say: (line = "") => people.write(`${line}\n`),
    note: (line) => err.write(`${line}\n`),
    document: (value) => out.write(`${JSON.stringify(value, null, 2)}\n`),
    print: (text) => out.write(text),
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  };
}

// https://no-color.org: any non-empty value switches colour off. FORCE_COLOR follows Node's own habit.
function shouldColour(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && process.env.TERM !== "dumb" && !process.env.CI;
}
