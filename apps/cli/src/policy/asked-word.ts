import { CtoError, oneLine } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import {
  type CompiledPolicy,
  explainAction,
  explainEngine,
  explainModel,
  explainPath,
  explainTarget,
  KNOWN_ACTIONS,
  type NameDecision,
  type PathDecision,
} from "@cto/gates";
import { readRecords } from "@cto/harness";
import { createEngines, type Setting } from "../setting.ts";
import { listRecordedModels } from "./policy-stack.ts";

const KINDS = ["path", "action", "model", "engine", "target"] as const;
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
  const known: Readonly<Record<Exclude<WordKind, "path">, readonly string[]>> = {
    action: [...KNOWN_ACTIONS, ...says.flatMap((one) => one.forbidden_actions ?? [])],
    engine: [...createEngines().map((engine) => engine.describe().id), ...says.flatMap((one) => one.engines ?? [])],
    model: [...listRecordedModels(readRecords(home)), ...says.flatMap((one) => one.models ?? [])],
    target: says.flatMap((one) => one.targets ?? []),
  };
  return KINDS.find((kind) => kind !== "path" && known[kind].includes(word)) ?? "path";
}

/** What the policy says of a word. Throws `CLI_USAGE` for a folder. */
export function explainWord(policy: CompiledPolicy, kind: WordKind, word: string): PathDecision | NameDecision {
  if (kind === "action") return explainAction(policy, word);
  if (kind === "model") return explainModel(policy, word);
  if (kind === "engine") return explainEngine(policy, word);
  if (kind === "target") return explainTarget(policy, word);
  return explainPath(policy, toAskedPath(word));
}

/** A path as it is typed, or as a report shows it. */
function toAskedPath(word: string): string {
  const path = word.replace(/^(?:\.\/+)+/, "");
  if (path.endsWith("/"))
    throw new CtoError("CLI_USAGE", `${oneLine(word)} is a folder`, {
      hint: `Ask for a file in it, such as ${oneLine(path, 80)}x: rules are about files.`,
    });
  return /^".*"$/.test(path) ? path : toPathText(new TextEncoder().encode(path));
}
