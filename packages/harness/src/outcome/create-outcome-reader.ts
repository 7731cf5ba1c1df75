import { readTrustedKeys, type Store } from "@cto/bundle-store";
import { CtoError, oneLine } from "@cto/errors";
import type { TrustedKey } from "@cto/evidence-interface";
import type { OutcomeOf } from "@cto/gates";

/**
 * Answers what operators recorded about runs of a home, each judged when it is asked for; the bundle itself is the caller's to verify. A record that
 * does not verify is `invalid`, never absent, and so is every record if the list of trusted keys, read once for all answers, cannot be read.
 */
export function createOutcomeReader(store: Store): OutcomeOf {
  let trustedKeys: readonly TrustedKey[] | undefined;
  return (runId) => {
    try {
      trustedKeys ??= readTrustedKeys(store.home).keys;
      const reading = store.outcomes.read(runId, { trustedKeys });
      if (reading.kind === "none") return null;
      if (reading.kind === "recorded") return reading.outcome.outcome;
      return { invalid: oneLine(reading.problems.join("; "), 300) };
    } catch (thrown) {
      if (CtoError.is(thrown)) return { invalid: thrown.message };
      throw thrown;
    }
  };
}
