import { PROOF_FILES } from "../../vocabulary.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** An engine ran at stage 3 and up, the built-in one at 4 and up, and stage 6 compared, only on a proven rung, held by bundles of other runs. */
export const rungFits: Rule = (bundle, findings) => {
  const { rung, run, codes } = bundle;
  const say = (message: string) => findings.add("RUNG_CONTRADICTED", PROOF_FILES.rung, message);
  const needed = run.stage >= (run.engine_id === "fake" ? 4 : 3);
  const stands = needed && standsOnRung(bundle);
  if (rung === undefined) {
    const wasAsked = stands || (codes.has("stage_not_proven") && !wasCutShort(bundle));
    if (wasAsked) say("nothing shows whether the stage below is proven");
    return;
  }
  const { required_stage, proven, missing } = rung;
  if (needed ? required_stage !== run.stage - 1 : required_stage !== null && required_stage !== run.stage - 1)
    say(`is about stage ${required_stage ?? "none"}, the run is of stage ${run.stage}`);
  if (proven && missing.length > 0) say("is proven, and something is missing");
  if (!proven && stands) say("an engine ran, or stage 6 was reached, and the stage below is not proven");
  if (proven && codes.has("stage_not_proven")) say("is proven, and stage_not_proven is a blocker");
  judgeBundles(rung, run.run_id, say);
};

/** True if the run came further than the gate `stage-proven` lets through. Of a run that was cut short the proof may not have reached the disk. */
function standsOnRung(bundle: WholeBundle): boolean {
  const { comparison, eligibility, report, routeGuard } = bundle;
  if (report.process_started) return true;
  if (wasCutShort(bundle)) return false;
  return (
    comparison !== undefined ||
    routeGuard !== undefined ||
    (eligibility?.passed_gates.includes("stage-proven") ?? false)
  );
}

/** Each rung up to the required one is held by a bundle of its own. One bundle may prove two failure classes, but nothing twice. */
function judgeBundles(
  { bundles, proven, required_stage }: NonNullable<WholeBundle["rung"]>,
  runId: string,
  say: (message: string) => void,
): void {
  const digests = new Map(bundles.map(({ manifest_sha256, run_id }) => [run_id, manifest_sha256]));
  if (digests.has(runId)) say("the run counts as its own proof");
  if (proven && digests.size < (required_stage ?? 0)) say("is proven by fewer bundles than there are stages below");
  if (new Set(digests.values()).size < digests.size) say("two runs have one manifest");
  if (bundles.some(({ manifest_sha256, run_id }) => digests.get(run_id) !== manifest_sha256))
    say("one run has two manifests");
  if (new Set(bundles.map(({ proves, run_id }) => `${run_id} ${proves}`)).size < bundles.length)
    say("one bundle proves the same twice");
}

/** A pass at stage 4 shows its throwaway repository: the result on the branch of the run, and nothing else that moved or could be pushed. */
export const disposableFits: Rule = ({ disposable, report, run }, findings) => {
  const path = PROOF_FILES.disposable;
  const say = (message: string) => findings.add("DISPOSABLE_CONTRADICTED", path, message);
  if (disposable === undefined) {
    if (run.stage === 4 && report.status === "pass")
      findings.add("PASS_WITHOUT_PROOF", path, "status is pass at stage 4 and nothing shows the throwaway repository");
    return;
  }
  const { base_commit, branch, commit, tree, other_refs_before, other_refs_after, head_unmoved, remotes } = disposable;
  const place = `.cto/disposable/${run.run_id}/`;
  if (run.stage !== 4) say(`a throwaway repository at stage ${run.stage}`);
  if (base_commit !== report.source.baseline_commit) say("base_commit is not the report's baseline");
  if (branch !== `refs/heads/cto/${run.run_id}`) say("branch is not the run's");
  if (tree !== report.source.result_tree) say("tree is not the report's result");
  if (commit === base_commit) say("nothing was landed");
  if (disposable.note.includes(place) !== (disposable.disposal === "retained"))
    say(`note and disposal do not agree: what is retained is at ${place}`);
  if (report.status !== "pass") return;
  if (other_refs_before !== other_refs_after || !head_unmoved) say("status is pass, and HEAD or another ref moved");
  if (remotes > 0) say("status is pass, and there is a remote that anything could be pushed to");
};
