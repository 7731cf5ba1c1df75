import type { VerifyMany, VerifyResult } from "../schemas/command-documents.ts";
import { SCHEMAS, type Verdict } from "../vocabulary.ts";
import { worstVerdict } from "./findings.ts";

/** The results of many bundles in the order given, under the verdict of the worst one; `valid` for none. */
export function verifyMany(results: readonly VerifyResult[]): VerifyMany {
  return {
    schema: SCHEMAS.verifyResult,
    verdict: worstVerdict(results.map(({ verdict }) => verdict)),
    results: [...results],
  };
}

/** The exit code of `cto verify`: 0 valid or unsigned, 1 tampered, contradictory or untrusted, 3 where nobody can know. */
export function verdictExitCode(verdict: Verdict): 0 | 1 | 3 {
  if (verdict === "valid" || verdict === "unsigned") return 0;
  return verdict === "incomplete" || verdict === "unverifiable" ? 3 : 1;
}
