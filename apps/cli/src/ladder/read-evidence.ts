import { createHash } from "node:crypto";
import { iterateEvidence, readTrustedKeys, verifyEd25519 } from "@cto/bundle-store";
import { isRunFacts, type LadderEvidence, toRunFacts } from "@cto/gates";
import type { Setting } from "../setting.ts";

/** Grows with every change of what is kept of a bundle, or of what makes one verify. */
const version = 2;

/** Lower-case hex SHA-256 of a text as UTF-8. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * All evidence of a home, newest first. Bundles whose files are untouched since they verified come from the index: good enough to look at, not for a
 * gate. Throws what `readTrustedKeys` and `iterateEvidence` throw.
 */
export function readEvidence({ home }: Setting): readonly LadderEvidence[] {
  const evidence = iterateEvidence({
    home,
    derive: (bundle) => toRunFacts(bundle, sha256),
    signatures: { verify: verifyEd25519, trusted: readTrustedKeys(home).keys },
    cache: { name: "ladder", version: `${version} ${__CTO_VERSION__}`, isValue: isRunFacts },
  });
  return [...evidence];
}
