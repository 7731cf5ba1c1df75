import { describe, expect, test } from "vitest";
import { VERDICTS, type Verdict, type VerifyResult, verdictExitCode, verifyMany, verifyManySchema } from "../index.ts";

const result = (verdict: Verdict): VerifyResult => ({
  schema: "cto.verify-result.v1",
  verdict,
  findings: [],
  run_id: null,
  status: null,
});

describe("verifyMany", () => {
  test("has the worst verdict and every result in the order given", () => {
    const results = (["unsigned", "incomplete", "valid"] as const).map(result);
    expect(verifyMany(results)).toEqual({ schema: "cto.verify-result.v1", verdict: "incomplete", results });
    expect(verifyManySchema.parse(verifyMany(results))).toEqual(verifyMany(results));
    expect(verifyMany([])).toEqual({ schema: "cto.verify-result.v1", verdict: "valid", results: [] });
  });

  test("orders the verdicts worst first", () => {
    for (const [index, worse] of VERDICTS.entries()) {
      for (const better of VERDICTS.slice(index))
        expect(verifyMany([result(better), result(worse)]).verdict).toBe(worse);
    }
  });
});

describe("verdictExitCode", () => {
  test("is 0 for valid and unsigned, 1 for a no, 3 where nobody can know", () => {
    expect(Object.fromEntries(VERDICTS.map((verdict) => [verdict, verdictExitCode(verdict)]))).toEqual({
      tampered: 1,
      contradictory: 1,
      incomplete: 3,
      unverifiable: 3,
      untrusted: 1,
      unsigned: 0,
      valid: 0,
    });
  });
});
