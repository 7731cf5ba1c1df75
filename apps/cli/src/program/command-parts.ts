import { Option } from "commander";
import type { Terminal } from "../terminal.ts";

/** What a command does; answers the exit code. */
export type Action = (terminal: Terminal, args: readonly string[], options: Record<string, unknown>) => Promise<number>;

/** Makes a listener of an action. */
export type Bind = (action: Action) => (...params: unknown[]) => Promise<void>;

/** A command is loaded when it is called: `cto --help` must not pay for the others. */
export function lazily<Name extends string>(load: () => Promise<Record<Name, Action>>, name: Name): Action {
  return async (...call) => (await load())[name](...call);
}

/** The option that every command has. */
export function jsonOption(): Option {
  return new Option("--json", "print one JSON document on standard output");
}

/** Help text that shows how a command is typed. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}

/** For an option that may be repeated. */
export function collect(value: string, typed: readonly string[] = []): readonly string[] {
  return [...typed, value];
}
