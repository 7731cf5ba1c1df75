import { type EffectivePolicy, toCanonicalJson } from "@cto/evidence-interface";
import { toStandingPolicy } from "../policy/effective-policy.ts";

/**
 * The standing policy digest: over what holds for every task of a place, in canonical JSON. Neither the task nor the stage of a run is in it. `sha256` gives the
 * lower-case hex digest of a text as UTF-8.
 */
export function toStandingPolicyDigest(policy: EffectivePolicy, sha256: (text: string) => string): string {
  return sha256(toCanonicalJson(toStandingPolicy(policy)));
}
