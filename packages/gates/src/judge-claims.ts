import { type Blocker, type Claims, pathTextToName } from "@cto/evidence-interface";
import { listSome, toBlocker } from "./blocker.ts";

/** What the engine said beside what happened. */
export interface ClaimFacts {
  readonly claims: Claims;
  /** Path texts of the tree changes. */
  readonly changedFiles: readonly string[];
  /** False if the verification failed or did not run; null if it could not run for a reason that is not the engine's. */
  readonly verificationPassed: boolean | null;
  /** Whether the engine left a commit of its own. */
  readonly committed: boolean;
}

/** `match` is null where nothing was claimed, or nothing that can be told. One mismatch for each kind of claim. */
export interface ClaimJudgement {
  readonly match: boolean | null;
  readonly mismatches: readonly string[];
  readonly blockers: readonly Blocker[];
}

/** Compares claims with facts. Only an overstatement is a mismatch: saying less than what happened, or nothing, is not. */
export function judgeClaims(facts: ClaimFacts): ClaimJudgement {
  const { claims } = facts;
  const changed = new Set(facts.changedFiles.map(toComparableName));
  const unchanged = (claims.files ?? []).filter((file) => !changed.has(toComparableName(file)));
  const mismatches: string[] = [];
  if (unchanged.length > 0) mismatches.push(`claimed to have changed ${listSome(unchanged)}, which did not change`);
  if (claims.tests_passed === true && facts.verificationPassed === false) {
    mismatches.push("claimed that the tests pass, which the verification did not confirm");
  }
  if (claims.committed === true && !facts.committed) mismatches.push("claimed a commit, there is none");
  const blockers = mismatches.length > 0 ? [toBlocker("claim_mismatch", mismatches.join("; "))] : [];
  return { match: blockers.length > 0 ? false : hasProvenClaim(facts) ? true : null, mismatches, blockers };
}

function hasProvenClaim({ claims, verificationPassed }: ClaimFacts): boolean {
  const toldTests = claims.tests_passed !== undefined && (claims.tests_passed === false || verificationPassed !== null);
  return claims.files !== undefined || claims.committed !== undefined || toldTests;
}

function toComparableName(path: string): string {
  return (pathTextToName(path) ?? path).replace(/^(?:\.\/)+/, "");
}
