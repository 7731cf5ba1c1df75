import type { VerifyFinding } from "../schemas/command-documents.ts";
import { VERDICTS, type Verdict } from "../vocabulary.ts";
import { FINDING_CODES, type FindingCode } from "./finding-codes.ts";

/** The most findings that one result lists; a bundle of a hundred thousand missing files needs no more. */
const FINDING_LIMIT = 200;

/** Collects the findings of one bundle. */
export interface Findings {
  /** `message` is one line; `path` the file that it is about, or null. Findings beyond the limit count for the verdict only. */
  add(code: FindingCode, path: string | null, message: string): void;
  /** The verdict of the worst finding so far. */
  verdict(): Verdict;
  list(): readonly VerifyFinding[];
}

export function createFindings(): Findings {
  const list: VerifyFinding[] = [];
  let worst: Verdict = "valid";
  return {
    add(code, path, message) {
      const { verdict, hint } = FINDING_CODES[code];
      worst = worstVerdict([worst, verdict]);
      if (list.length < FINDING_LIMIT) list.push({ code, path, message, hint });
    },
    verdict: () => worst,
    list: () => list,
  };
}

/** The worst of some verdicts; `valid` for none. */
export function worstVerdict(verdicts: Iterable<Verdict>): Verdict {
  let worst: number = VERDICTS.length - 1;
  for (const verdict of verdicts) worst = Math.min(worst, VERDICTS.indexOf(verdict));
  return VERDICTS[worst] ?? "valid";
}
