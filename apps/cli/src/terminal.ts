import { styleText } from "node:util";

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
  /** Text for a person in colour, if the stream shows colours and `NO_COLOR` is not set. */
  paint(style: Style, text: string): string;
}

/** A terminal over the process's own streams. */
export function createTerminal({ json }: { json: boolean }): Terminal {
  const people = json ? process.stderr : process.stdout;
  const coloured = shouldColour(people);
  return {
    json,
    say: (line = "") => void people.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    document: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
  };
}

// https://no-color.org: any non-empty value switches colour off. FORCE_COLOR follows Node's own habit.
function shouldColour(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && process.env.TERM !== "dumb" && !process.env.CI;
}
