import type { Blocker, FailureCode, TestCounts, VerificationResult } from "@cto/evidence-interface";
import { listSome, toBlocker } from "./blocker.ts";
import type { TaskContract, VerificationStep } from "./task-contract.ts";

/** The commands of the contract beside how they ended in the fresh checkout. */
export interface VerificationFacts {
  readonly task: Pick<TaskContract, "verification">;
  readonly results: readonly VerificationResult[];
}

/** How one command of the verification ended, with the counts if any were read. */
export interface VerificationEnd {
  readonly exit: VerificationResult["exit"];
  readonly tests?: TestCounts | undefined;
}

/** True only if every command of the contract ran, exited 0 and skipped nothing that ran before. One blocker for each code. */
export interface VerificationJudgement {
  readonly passed: boolean;
  readonly blockers: readonly Blocker[];
}

/** True only if a command exited 0 and, where its counts were read, none of its tests failed. For `VerificationResult.passed`. */
export function didPass({ exit, tests }: VerificationEnd): boolean {
  return exit.kind === "exited" && exit.code === 0 && (tests === undefined || tests.failed === 0);
}

interface Finding {
  readonly code: FailureCode;
  readonly message: string;
}

/**
 * Judges the verification. The exit status decides; a count of failed tests beside an exit of 0 fails too, since one of them is not true.
 * Where the contract compares with the baseline, more skipped or fewer executed tests fail, and so do counts that could not be read.
 */
export function judgeVerification(facts: VerificationFacts): VerificationJudgement {
  const results = groupById(facts.results);
  const found = facts.task.verification.flatMap((step) => judgeStep(step, results.get(step.id) ?? []));
  const codes = [...new Set(found.map((finding) => finding.code))];
  const blockers = codes.map((code) => {
    const messages = found.filter((finding) => finding.code === code).map((finding) => finding.message);
    return toBlocker(code, listSome(messages, "; "));
  });
  return { passed: blockers.length === 0, blockers };
}

function judgeStep(step: VerificationStep, results: readonly VerificationResult[]): readonly Finding[] {
  const result = results[0];
  if (result === undefined || results.length > 1) {
    return [{ code: "verification_failed", message: `${step.id} has ${results.length} results, expected one` }];
  }
  if (!didPass(result)) return [explainFailure(step, result)];
  const skipped = step.compare_baseline ? compareCounts(result.tests, result.baseline_tests) : undefined;
  return skipped === undefined ? [] : [{ code: "tests_skipped", message: `${step.id}: ${skipped}` }];
}

function explainFailure(step: VerificationStep, { exit, tests }: VerificationResult): Finding {
  switch (exit.kind) {
    case "exited": {
      const how = exit.code === 0 ? `exited 0, but reports ${tests?.failed} failed tests` : `exited with ${exit.code}`;
      return { code: "verification_failed", message: `${step.id} ${how}` };
    }
    case "signaled":
      return { code: "verification_failed", message: `${step.id} was ended by ${exit.signal}` };
    case "timed-out":
      return { code: "timeout", message: `${step.id} ran longer than ${step.timeout_seconds} s` };
    case "canceled":
      return { code: "interrupted", message: `${step.id} was canceled` };
    case "not-started":
      return {
        code: "missing_test_command",
        message: `${step.id}: ${step.run[0] ?? ""} could not be started (${exit.reason})`,
      };
  }
}

function groupById(results: readonly VerificationResult[]): ReadonlyMap<string, readonly VerificationResult[]> {
  const groups = new Map<string, VerificationResult[]>();
  for (const result of results) {
    const group = groups.get(result.id);
    if (group === undefined) groups.set(result.id, [result]);
    else group.push(result);
  }
  return groups;
}

function compareCounts(now: TestCounts | undefined, before: TestCounts | undefined): string | undefined {
  if (now === undefined) return "no test counts could be read, so they cannot be compared with the baseline";
  if (before === undefined) return "no test counts could be read at the baseline";
  if (now.skipped > before.skipped) return `${now.skipped} tests skipped, ${before.skipped} at the baseline`;
  const [ran, ranBefore] = [now.passed + now.failed, before.passed + before.failed];
  return ran < ranBefore ? `${ran} tests ran, ${ranBefore} at the baseline` : undefined;
}
