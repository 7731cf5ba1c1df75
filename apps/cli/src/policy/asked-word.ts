import { CtoError } from "@cto/errors";
import { type CompiledPolicy, KNOWN_ACTIONS, LIMIT_NAMES } from "@cto/gates";
import { readRecords } from "@cto/harness";
import { createEngines, type Setting } from "../setting.ts";
import { listAdmittedNames } from "./policy-stack.ts";

const KINDS = ["path", "stage", "network", "budget", "action", "model", "engine", "target"] as const;
/** What a policy may be asked about. */
export type WordKind = (typeof KINDS)[number];

/** Checks a typed `--as`; undefined if there is none. Throws `CLI_USAGE`. */
export function parseKind(value: unknown): WordKind | undefined {
  if (value === undefined) return undefined;
  const found = KINDS.find((kind) => kind === value);
  if (found !== undefined) return found;
  throw new CtoError("CLI_USAGE", `--as ${String(value)}: expected ${KINDS.join(", ")}`, {
    hint: "Without the option the word is taken for what the layers know it as, else for a path.",
  });
}

/** What a word is taken for. One that the layers, the records or cto itself know is what they know it as; any other is a path. */
export function guessKind({ home }: Setting, policy: CompiledPolicy, word: string): WordKind {
  const says = policy.layers.map((layer) => layer.says);
  const recorded = listAdmittedNames(readRecords(home));
  const known: Readonly<Record<Exclude<WordKind, "path">, readonly string[]>> = {
    stage: ["stage"],
    network: ["network"],
    budget: ["budget", ...LIMIT_NAMES.filter((name) => name.startsWith("budget."))],
    action: [...KNOWN_ACTIONS, ...says.flatMap((one) => one.forbidden_actions ?? [])],
    engine: [...createEngines().map((engine) => engine.describe().id), ...says.flatMap((one) => one.engines ?? [])],
    model: [...recorded.models, ...says.flatMap((one) => one.models ?? [])],
    target: [...recorded.targets, ...says.flatMap((one) => one.targets ?? [])],
  };
  return KINDS.find((kind) => kind !== "path" && known[kind].includes(word)) ?? "path";
}
