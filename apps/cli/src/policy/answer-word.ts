import { CtoError, oneLine } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import {
  BUILT_IN_ENGINE,
  type CompiledPolicy,
  explainAction,
  explainEngine,
  explainLimit,
  explainModel,
  explainPath,
  explainTarget,
  LIMIT_NAMES,
  type LimitDecision,
  type LimitName,
  type NameDecision,
  type RuleOrigin,
} from "@cto/gates";
import { readRecords } from "@cto/harness";
import { optedInEngines, type Setting } from "../setting.ts";
import type { WordKind } from "./asked-word.ts";
import { judgeRecordedModel, judgeRecordedTarget } from "./recorded-name.ts";

/** What the policy says of a word. `allowed` is false only where a run would be refused for it; `value` is that of a limit. */
export interface Answer extends RuleOrigin {
  readonly verdict: "allowed" | "forbidden" | "protected" | "limited" | "no-rule";
  readonly allowed: boolean;
  readonly value?: string | number | null;
  readonly rule: string | null;
  readonly why: string;
}

/** What the policy says of a word; where it is silent, also what else decides. Throws `CLI_USAGE` for a folder and for no such limit. */
export function answerWord(setting: Setting, policy: CompiledPolicy, kind: WordKind, word: string): Answer {
  switch (kind) {
    case "path":
      return explainPath(policy, toAskedPath(word));
    case "action":
      return explainAction(policy, word);
    case "engine":
      return whereSilent(explainEngine(policy, word), () => judgeSilentEngine(word));
    case "model":
      return whereSilent(explainModel(policy, word), () => judgeRecordedModel(readRecords(setting.home), word));
    case "target":
      return whereSilent(explainTarget(policy, word), () => judgeRecordedTarget(setting, word));
    default:
      return answerLimit(policy, kind, word);
  }
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

type Silent = Pick<Answer, "allowed" | "why">;

function whereSilent(decision: NameDecision, judge: () => Silent): Answer {
  if (decision.verdict !== "no-rule") return decision;
  const { allowed, why } = judge();
  return { ...decision, allowed, why: `${decision.why}: ${why}` };
}

function judgeSilentEngine(id: string): Silent {
  if (id === BUILT_IN_ENGINE) return { allowed: true, why: "the built-in fake may run, others need CTO_ALLOW_ENGINE" };
  const shown = oneLine(id, 80);
  return optedInEngines().includes(id)
    ? { allowed: true, why: `CTO_ALLOW_ENGINE opts ${shown} in; from stage 3 on its records must admit it too` }
    : { allowed: false, why: `only the built-in fake may run; ${shown} needs CTO_ALLOW_ENGINE=${shown}` };
}

/** A limit by its name, or one value of it. */
function answerLimit(policy: CompiledPolicy, kind: "stage" | "network" | "budget", word: string): Answer {
  const name = kind === "budget" ? toBudgetName(word) : kind;
  const limit = explainLimit(policy, name);
  if (kind === "budget" || word === kind) return { ...limit, allowed: true };
  const asked = kind === "stage" ? ["1", "2", "3", "4", "5", "6"] : ["none", "gateway"];
  if (!asked.includes(word))
    throw new CtoError(
      "CLI_USAGE",
      `${oneLine(word, 80)} is no ${kind}: expected ${kind}, or one of ${asked.join(", ")}`,
      {
        hint: `\`cto policy explain ${kind}\` names the highest one, its layer, file and line.`,
      },
    );
  return answerValue(limit, name, asked, word);
}

function answerValue(limit: LimitDecision, name: LimitName, ordered: readonly string[], word: string): Answer {
  if (limit.value === null) return { ...limit, allowed: true };
  const allowed = ordered.indexOf(word) <= ordered.indexOf(String(limit.value));
  const why = `the ${limit.layer} layer says ${limit.rule}, so ${name} ${word} is ${allowed ? "within it" : "too much"}`;
  return { ...limit, verdict: allowed ? "allowed" : "forbidden", allowed, why };
}

function toBudgetName(word: string): LimitName {
  const names = LIMIT_NAMES.filter((name) => name.startsWith("budget."));
  const found = names.find((name) => name === word || name === `budget.${word}`);
  if (found !== undefined) return found;
  throw new CtoError("CLI_USAGE", `${oneLine(word, 80)} is no limit of a budget: expected ${names.join(", ")}`, {
    hint: "Ask for one of them: each may come from another layer.",
  });
}
