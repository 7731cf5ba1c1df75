import { reask } from "./approval-edits.ts";
import { documentOf } from "./draft-edits.ts";
import { askedDraft, modelDraft, stage4Draft } from "./stage-drafts.ts";
import { contradictory, type Tampering } from "./tampering.ts";

const other = "00".repeat(32);
const changed = (fields: Record<string, unknown>) => (draft: ReturnType<typeof stage4Draft>) => reask(draft, fields);
const engine = { id: "fake", version: "0.1.0", executable_sha256: "4c".repeat(32), input_sha256: null };

/** Packets that ask for something else than what was run, under a decision and a claim that fit the packet. */
export const tamperedPackets: readonly Tampering[] = [
  ...(
    [
      ["task", { task_id: "other" }],
      ["contract", { task_digest: other }],
      ["title", { title: "Something harmless" }],
      ["stage", { stage: 3 }],
      ["target", { target: { target_id: other, name: null } }],
      ["target at all", { target: null }],
      ["base commit", { base_commit: "00".repeat(20) }],
      ["base tree", { base_tree: "00".repeat(20) }],
      ["input of the engine", { engine: { ...engine, input_sha256: other } }],
      ["policy", { policy_digest: other }],
      ["engine", { engine: { ...engine, id: "codex" } }],
      ["version of the engine", { engine: { ...engine, version: "0.2.0" } }],
      ["executable", { engine: { ...engine, executable_sha256: other } }],
      ["model", { model: { provider: "local", model: "m1" } }],
      ["allowed paths", { allowed_paths: ["docs/"] }],
      ["forbidden paths", { forbidden_paths: [] }],
      ["forbidden actions", { forbidden_actions: ["merge"] }],
      ["validation commands", { validation_commands: [["true"]] }],
      ["success criteria", { success_criteria: ["It is faster."] }],
      ["rollback", { rollback: "git revert" }],
      ["time to expire", { expires_minutes: 61 }],
    ] as const
  ).map(([name, fields]) =>
    contradictory(`a packet with another ${name}`, stage4Draft, changed(fields), "APPROVAL_CONTRADICTED"),
  ),
  contradictory(
    "a refused run whose packet names another base commit",
    () => askedDraft("none"),
    (draft) => {
      reask(draft, { base_commit: "00".repeat(20) });
      for (const path of ["proofs/approval-decision.json", "proofs/approval-claim.json"]) delete draft.documents[path];
    },
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a packet with a base commit where there is no repository",
    modelDraft,
    (draft) => {
      draft.documents["proofs/approval-packet.json"] = {
        ...documentOf(stage4Draft(), "proofs/approval-packet.json"),
      };
    },
    "APPROVAL_CONTRADICTED",
  ),
];
