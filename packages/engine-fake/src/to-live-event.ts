import type { EngineEvent } from "@cto/engine-interface";
import type { FakeAction, FakeArguments, FakeStep } from "./fake-script.ts";

const KINDS: Readonly<Record<FakeAction, "file" | "command" | "message" | "claim" | "attempt" | "usage" | "note">> = {
  patch: "file",
  write: "file",
  append: "file",
  delete: "file",
  chmod: "file",
  symlink: "file",
  hardlink: "file",
  fifo: "file",
  rename: "file",
  fill: "file",
  run: "command",
  spawn: "command",
  commit: "command",
  print: "message",
  claim: "claim",
  attempt: "attempt",
  use: "usage",
  sleep: "note",
  fail: "note",
  exit: "note",
  signal: "note",
  ignore_signals: "note",
  close_stdout: "note",
};

// Contents can be large and are in the result anyway; what is watched is what happens to which path.
const CONTENTS = new Set(["text", "base64"]);
const SHOWN_CHARACTERS = 500;

/** What people who watch see of a step, as it begins: its number, its action and its arguments, without the contents of files. */
export function toLiveEvent(n: number, step: FakeStep): EngineEvent {
  const [action, args] = Object.entries(step)[0] as [FakeAction, FakeArguments[FakeAction]];
  return { kind: KINDS[action], data: { step: n, action, ...toShown(action, args) } };
}

function toShown(action: FakeAction, args: FakeArguments[FakeAction]): Readonly<Record<string, unknown>> {
  if (action === "patch") return {};
  if (typeof args !== "object") return { value: shorten(args) };
  const shown = Object.entries(args).filter(([key]) => action === "print" || !CONTENTS.has(key));
  return Object.fromEntries(shown.map(([key, value]) => [key, shorten(value)]));
}

function shorten(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= SHOWN_CHARACTERS) return value;
  return `${value.slice(0, SHOWN_CHARACTERS)}...`;
}
