import path from "node:path";
import { CtoError } from "@cto/errors";
import type { BundleFacts } from "@cto/evidence-interface";
import type { StorePlaces } from "../store-root.ts";
import { stampBundle } from "./bundle-stamp.ts";
import type { EvidenceOptions } from "./evidence.ts";
import type { KnownBundle, KnownBundles } from "./evidence-cache.ts";
import { isSpentHere } from "./spent-claim.ts";
import { type BundleJudgement, verifyWithContents } from "./verify-with-contents.ts";

export type Judged<Value> =
  | { readonly kind: "verified"; readonly known: KnownBundle<Value> }
  | { readonly kind: "refused"; readonly reason: string };

/** A bundle whose youngest file is younger than this is not kept: a second change could hide behind the same time stamp. */
const settledMs = 2_000;

/**
 * Verifies the bundle of a run and derives its value, or takes both from `known` where no file of it was touched. An approval that it shows must have been spent by
 * it in this home, whatever is known.
 */
export function judgeBundle<Value>(
  places: StorePlaces,
  runId: string,
  { derive, signatures }: Pick<EvidenceOptions<Value>, "derive" | "signatures">,
  known: KnownBundles<Value> | null,
): Judged<Value> {
  const judged = judgeFiles(places.runDirectory(runId), { derive, signatures }, known);
  const claim = judged.kind === "verified" ? judged.known.claim : null;
  if (claim === null || isSpentHere(places, runId, claim)) return judged;
  return { kind: "refused", reason: `run ${runId} shows an approval that it did not spend here` };
}

function judgeFiles<Value>(
  directory: string,
  { derive, signatures }: Pick<EvidenceOptions<Value>, "derive"> & { readonly signatures: BundleFacts["signatures"] },
  known: KnownBundles<Value> | null,
): Judged<Value> {
  const runId = path.basename(directory);
  const before = known === null ? undefined : stampBundle(directory);
  const cached = known?.get(runId);
  if (cached !== undefined && cached.stamp === before?.stamp) return { kind: "verified", known: cached };
  const judgement = judgeOrRefuse(directory, signatures);
  if (judgement.kind === "refused") return judgement;
  const { bundle, claim, mode } = judgement;
  const { manifest_sha256 } = bundle;
  const fresh = { stamp: before?.stamp ?? "", mode, manifest_sha256, claim, value: derive(bundle) };
  const isSettled = before !== undefined && Date.now() - before.changedMs > settledMs;
  if (isSettled && stampBundle(directory)?.stamp === before.stamp) known?.set(runId, fresh);
  return { kind: "verified", known: fresh };
}

/** A directory that cannot be read to its end, or that changes meanwhile, proves nothing. */
function judgeOrRefuse(directory: string, signatures: BundleFacts["signatures"]): BundleJudgement {
  try {
    return verifyWithContents(directory, signatures);
  } catch (error) {
    if (!CtoError.is(error)) throw error;
    return { kind: "refused", reason: `run ${path.basename(directory)} cannot be read` };
  }
}
