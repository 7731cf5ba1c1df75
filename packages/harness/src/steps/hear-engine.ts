import type { EngineEvent } from "@cto/engine-interface";
import { explainAction } from "@cto/gates";
import { addBlocker, type RunContext } from "../run/run-context.ts";
import { toBudgetHint } from "../run/to-budget-hint.ts";

/** An engine that talks without end must not fill our memory. */
const mostAttempts = 100;

/**
 * Listens to what an engine says against itself: actions that it tried, and what its model used. Over the budget of the contract the engine is ended.
 * Nothing that it says in its own favour is heard here.
 */
export function hearEngine(context: RunContext, { data, kind }: EngineEvent): void {
  const { budget, draft, endEngine } = context;
  if (kind === "attempt" && typeof data.name === "string" && draft.attempted.size < mostAttempts)
    draft.attempted.add(data.name);
  if (kind !== "usage") return;
  const { usage } = draft;
  usage.requests += 1;
  usage.input_tokens += toCount(data.input_tokens);
  usage.output_tokens += toCount(data.output_tokens);
  usage.usd += toAmount(data.usd);
  const tokens = usage.input_tokens + usage.output_tokens;
  if (tokens > (budget.tokens ?? Number.POSITIVE_INFINITY)) {
    addBlocker(
      draft,
      "budget_exceeded",
      `${tokens} tokens were used, budget.tokens is ${budget.tokens}`,
      toBudgetHint(context, "tokens"),
    );
    endEngine.abort();
  }
  if (usage.usd > (budget.usd ?? Number.POSITIVE_INFINITY)) {
    addBlocker(
      draft,
      "budget_exceeded",
      `${usage.usd} US dollars were used, budget.usd is ${budget.usd}`,
      toBudgetHint(context, "usd"),
    );
    endEngine.abort();
  }
}

/** Holds what the engine says it tried, and what the disk shows of it, against the forbidden actions. */
export function judgeAttempts({ draft }: RunContext, remotes: readonly string[]): void {
  const seen = [
    ...(remotes.length === 0
      ? []
      : [{ name: "push", source: `effect: a remote ${remotes.slice(0, 3).join(", ")} in .git/config` }]),
    ...[...draft.attempted].map((name) => ({ name, source: "claim: the engine said so" })),
  ];
  const forbidden = seen.filter(({ name }) => explainAction(draft.policy, name).verdict === "forbidden");
  if (forbidden.length === 0) return;
  const found = forbidden.map(({ name, source }) => `${name} (source: ${source})`).join("; ");
  addBlocker(draft, "forbidden_action_attempted", `the engine tried ${found}`);
}

function toCount(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function toAmount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
