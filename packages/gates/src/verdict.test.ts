import type { Blocker, FailureCode, VerificationResult } from "@cto/evidence-interface";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didPass, exitCodeOf, judgeClaims, judgeRun, judgeVerification, toBlocker } from "./index.ts";

const blockers = (...codes: readonly FailureCode[]): readonly Blocker[] => codes.map((code) => toBlocker(code, code));

describe("the status of a run", () => {
  test("is pass without blockers, fail if any fails, else blocked", () => {
    expect(judgeRun({ blockers: [] })).toEqual({ status: "pass", blockers: [] });
    expect(judgeRun({ blockers: blockers("timeout") }).status).toBe("blocked");
    expect(judgeRun({ blockers: blockers("timeout", "secret_leak", "claim_mismatch") }).status).toBe("fail");
  });

  test("is told by the blocker that stands first: failing ones, then by event, then as given", () => {
    const given = blockers("timeout", "claim_mismatch", "no_diff", "hidden_mutation", "gate_missing", "engine_failed");
    expect(judgeRun({ blockers: given }).blockers.map(({ code }) => code)).toEqual([
      "engine_failed",
      "no_diff",
      "hidden_mutation",
      "claim_mismatch",
      "gate_missing",
      "timeout",
    ]);
  });

  test("has the exit code of the command line", () => {
    expect([exitCodeOf("pass"), exitCodeOf("fail"), exitCodeOf("blocked")]).toEqual([0, 1, 3]);
  });

  test("never shows a secret or a control character in a blocker", () => {
    const token = `ghp_${"a".repeat(36)}`;
    expect(toBlocker("timeout", `x\u001b[2J\n${token}`, "wait")).toEqual({
      code: "timeout",
      message: "x\ufffd[2J [redacted:github-token]",
      hint: "wait",
      event: "run.completed",
    });
    expect(toBlocker("timeout", "x", `a\u001b ${token}`).hint).toBe("a\ufffd [redacted:github-token]");
  });

  test("is told in at most 1000 characters, however long the message and the hint", () => {
    const { message, hint } = toBlocker("timeout", "m".repeat(1e6), "h".repeat(1e6));
    expect([message.length, hint.length]).toEqual([999, 999]);
  });
});

describe("verification", () => {
  const step = { id: "tests", run: ["npm", "test"], timeout_seconds: 300, reads: "tap", compare_baseline: false };
  const result = (more: Partial<VerificationResult> = {}): VerificationResult => ({
    id: "tests",
    command: ["npm", "test"],
    resolved: null,
    exit: { kind: "exited", code: 0 },
    passed: true,
    duration_ms: 1,
    log: { path: "test.log", bytes: 0, truncated: false },
    ran_in: "fresh-checkout",
    isolation: "bubblewrap",
    ...more,
  });
  const judge = (results: readonly VerificationResult[], compare_baseline = false) => {
    const { passed, blockers } = judgeVerification({
      task: { verification: [{ ...step, compare_baseline }] },
      results,
    });
    return [passed, ...blockers.map(({ code, message }) => `${code}: ${message}`)];
  };
  const counts = (passed: number, failed: number, skipped: number) => ({ passed, failed, skipped });

  test("passes on exit 0 and on nothing else", () => {
    expect(judge([result()])).toEqual([true]);
    expect(judge([result({ exit: { kind: "exited", code: 1 } })])).toEqual([
      false,
      "verification_failed: tests exited with 1",
    ]);
    expect(judge([result({ exit: { kind: "signaled", signal: "SIGKILL" } })])).toEqual([
      false,
      "verification_failed: tests was ended by SIGKILL",
    ]);
    expect(judge([result({ exit: { kind: "timed-out" } })])).toEqual([false, "timeout: tests ran longer than 300 s"]);
    expect(judge([result({ exit: { kind: "canceled" } })])).toEqual([false, "interrupted: tests was canceled"]);
    expect(judge([result({ exit: { kind: "not-started", reason: "command-not-found" } })])).toEqual([
      false,
      "missing_test_command: tests: npm could not be started (command-not-found)",
    ]);
  });

  test("does not pass without a result, or with two", () => {
    expect(judge([])).toEqual([false, "verification_failed: tests has 0 results, expected one"]);
    expect(judge([result(), result()])).toEqual([false, "verification_failed: tests has 2 results, expected one"]);
  });

  test("judges by what happened and not by the field that says so", () => {
    expect(judge([result({ passed: true, exit: { kind: "exited", code: 2 } })])[0]).toBe(false);
  });

  test("has one answer to whether a command passed, and judges by it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<VerificationResult["exit"]>(
          { kind: "exited", code: 0 },
          { kind: "exited", code: 1 },
          { kind: "signaled", signal: "SIGKILL" },
          { kind: "timed-out" },
          { kind: "canceled" },
          { kind: "not-started", reason: "command-not-found" },
        ),
        fc.option(fc.constantFrom(counts(0, 0, 0), counts(3, 0, 1), counts(3, 1, 0)), { nil: undefined }),
        (exit, tests) => {
          const passed = exit.kind === "exited" && exit.code === 0 && tests?.failed !== 1;
          expect(didPass({ exit, tests })).toBe(passed);
          expect(judge([result(tests === undefined ? { exit } : { exit, tests })])[0]).toBe(passed);
        },
      ),
    );
  });

  test("fails where exit 0 and the counts contradict each other", () => {
    expect(judge([result({ tests: counts(3, 1, 0) })])).toEqual([
      false,
      "verification_failed: tests exited 0, but reports 1 failed tests",
    ]);
  });

  test.each<[string, Partial<VerificationResult>, string | undefined]>([
    ["as many", { tests: counts(3, 0, 1), baseline_tests: counts(2, 1, 1) }, undefined],
    ["more", { tests: counts(5, 0, 0), baseline_tests: counts(2, 1, 1) }, undefined],
    [
      "more skipped",
      { tests: counts(3, 0, 2), baseline_tests: counts(3, 0, 1) },
      "tests_skipped: tests: 2 tests skipped, 1 at the baseline",
    ],
    [
      "fewer",
      { tests: counts(2, 0, 0), baseline_tests: counts(2, 1, 0) },
      "tests_skipped: tests: 2 tests ran, 3 at the baseline",
    ],
    [
      "unknown",
      { baseline_tests: counts(2, 1, 0) },
      "tests_skipped: tests: no test counts could be read, so they cannot be compared with the baseline",
    ],
    [
      "unknown before",
      { tests: counts(2, 0, 0) },
      "tests_skipped: tests: no test counts could be read at the baseline",
    ],
  ])("compares with the baseline where asked to: %s", (_what, more, blocker) => {
    expect(judge([result(more)], true)).toEqual(blocker === undefined ? [true] : [false, blocker]);
    expect(judge([result(more)], false)).toEqual([true]);
  });

  test("has one blocker for each code", () => {
    const failed = (id: string) => result({ id, exit: { kind: "exited", code: 1 } });
    const verification = [step, { ...step, id: "lint" }];
    expect(judgeVerification({ task: { verification }, results: [failed("tests"), failed("lint")] }).blockers).toEqual([
      toBlocker("verification_failed", "tests exited with 1; lint exited with 1"),
    ]);
  });

  test("names the first commands of many, and counts the rest", () => {
    const verification = Array.from({ length: 20_000 }, (_, index) => ({ ...step, id: `t${index}` }));
    const results = verification.map(({ id }) => result({ id, exit: { kind: "exited", code: 1 } }));
    expect(judgeVerification({ task: { verification }, results }).blockers.map(({ message }) => message)).toEqual([
      "t0 exited with 1; t1 exited with 1; t2 exited with 1; t3 exited with 1; t4 exited with 1 and 19995 more",
    ]);
  });
});

describe("claims", () => {
  const facts = {
    claims: {},
    changedFiles: ["src/a.ts", '"src/b\\n"'],
    verificationPassed: true,
    committed: true,
  } as const;

  test("match where they say no more than what happened", () => {
    const claims = { files: ["./src/a.ts"], tests_passed: true, committed: true };
    expect(judgeClaims({ ...facts, claims })).toEqual({ match: true, mismatches: [], blockers: [] });
    expect(judgeClaims({ ...facts, claims: { files: [], tests_passed: false, committed: false } }).match).toBe(true);
  });

  test("that are absent are neither right nor wrong", () => {
    expect(judgeClaims({ ...facts, claims: { summary: "done" } })).toEqual({
      match: null,
      mismatches: [],
      blockers: [],
    });
  });

  test("of many files are told by the first few and the count", () => {
    const files = Array.from({ length: 90_000 }, (_, index) => `f${index}`);
    const mismatch = "claimed to have changed f0, f1, f2, f3, f4 and 89995 more, which did not change";
    expect(judgeClaims({ ...facts, claims: { files: ["src/a.ts", ...files] } })).toEqual({
      match: false,
      mismatches: [mismatch],
      blockers: [toBlocker("claim_mismatch", mismatch)],
    });
  });

  test("with a secret in a long name are shown without any part of it", () => {
    const file = `${"d/".repeat(36)}ghp_${"a1".repeat(18)}${"/d".repeat(60)}`;
    const { mismatches } = judgeClaims({ ...facts, claims: { files: [file] } });
    expect(mismatches.join()).not.toMatch(/ghp_|a1a1/);
  });

  test("that overstate are named, one for each kind", () => {
    const claims = { files: ["src/a.ts", "src/c.ts"], tests_passed: true, committed: true };
    const mismatches = [
      "claimed to have changed src/c.ts, which did not change",
      "claimed that the tests pass, which the verification did not confirm",
      "claimed a commit, there is none",
    ];
    expect(judgeClaims({ ...facts, claims, verificationPassed: false, committed: false })).toEqual({
      match: false,
      mismatches,
      blockers: [toBlocker("claim_mismatch", mismatches.join("; "))],
    });
  });

  test("about tests stay open where the verification could not run", () => {
    expect(judgeClaims({ ...facts, claims: { tests_passed: true }, verificationPassed: null })).toEqual({
      match: null,
      mismatches: [],
      blockers: [],
    });
  });
});
