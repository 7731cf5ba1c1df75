import type { RuleBreach } from "./document-kind.ts";

type Reader = (task: Readonly<Record<string, unknown>>) => readonly RuleBreach[];

/** What must hold between the fields of a contract, told of any value, so that all problems of a file show at once. */
export function findRuleBreaches(value: unknown): readonly RuleBreach[] {
  return isRecord(value) ? RULES.flatMap((rule) => rule(value)) : [];
}

const RULES: readonly Reader[] = [
  requirePathsFromStageTwo,
  requireVerificationFromStageTwo,
  requireUniqueIds,
  requireCountsToCompare,
];

function requirePathsFromStageTwo(task: Readonly<Record<string, unknown>>): readonly RuleBreach[] {
  if (!mutates(task) || !isEmptyList(task.allowed_paths)) return [];
  const message = "allowed_paths is empty, expected at least one path pattern from stage 2 on";
  return [{ path: ["allowed_paths"], message, hint: "Name what may be changed, for instance allowed_paths: [src/]." }];
}

function requireVerificationFromStageTwo(task: Readonly<Record<string, unknown>>): readonly RuleBreach[] {
  if (!mutates(task) || !isEmptyList(task.verification)) return [];
  const message = "verification is empty, expected at least one command from stage 2 on";
  return [
    {
      path: ["verification"],
      message,
      hint: "Say how the change is checked: verification: [{id: tests, run: [npm, test]}].",
    },
  ];
}

function requireUniqueIds(task: Readonly<Record<string, unknown>>): readonly RuleBreach[] {
  const seen = new Set<unknown>();
  return asList(task.verification).flatMap((step, index) => {
    const { id } = asRecord(step);
    if (typeof id !== "string" || !seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `verification[${index}].id is ${JSON.stringify(id)} a second time, expected an id of its own`;
    return [{ path: ["verification", index, "id"], message, hint: "Give every verification command its own id." }];
  });
}

function requireCountsToCompare(task: Readonly<Record<string, unknown>>): readonly RuleBreach[] {
  return asList(task.verification).flatMap((step, index) => {
    const { compare_baseline: compares, reads = "none" } = asRecord(step);
    if (compares !== true || reads !== "none") return [];
    const message = `verification[${index}].compare_baseline is true without counts, expected reads: tap or junit:<path>`;
    return [
      {
        path: ["verification", index, "compare_baseline"],
        message,
        hint: "Say where the test counts stand, or leave compare_baseline out.",
      },
    ];
  });
}

/** True from stage 2 on, which is also the default. A stage that is no number is a problem of its own. */
function mutates(task: Readonly<Record<string, unknown>>): boolean {
  const { stage = 2 } = task;
  return typeof stage === "number" && stage >= 2;
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
