import { toCanonicalJson } from "../../canonical-json.ts";
import { PROOF_FILES } from "../../vocabulary.ts";
import { digestBeforeApproval } from "./policy-digest.ts";
import { digestOfProof } from "./stored-proof.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** What the approver was asked is what was run: task, contract, stage, target, base, policy, engine, model, and every list of the contract. */
export const packetFits: Rule = (bundle, findings) => {
  const { approvalPacket: packet, report } = bundle;
  if (packet === undefined) return;
  digestOfProof(bundle, PROOF_FILES.approvalPacket, packet, findings);
  const pairs: readonly (readonly [field: string, asked: unknown, known: unknown])[] = [
    ["task_id", packet.task_id, report.task_id],
    ["task_digest", packet.task_digest, report.task_digest],
    ["title", packet.title, report.title],
    ["stage", packet.stage, report.stage],
    ["policy_digest", packet.policy_digest, digestBeforeApproval(bundle)],
    ...toPlacePairs(bundle, packet),
    ...toEnginePairs(bundle, packet),
    ...toContractPairs(bundle, packet),
  ];
  for (const [field, asked, known] of pairs) {
    if (known !== undefined && !isEqual(asked, known))
      findings.add("APPROVAL_CONTRADICTED", PROOF_FILES.approvalPacket, `${field} is not what was run`);
  }
};

type Packet = NonNullable<WholeBundle["approvalPacket"]>;
type Pairs = readonly (readonly [field: string, asked: unknown, known: unknown])[];

/** Below stage 3 there is no repository. A run that was refused has no baseline yet; its event names commit and target. */
function toPlacePairs({ report, run, events }: WholeBundle, { base_commit, base_tree, target }: Packet): Pairs {
  const { source_commit, target_id } = events.byName.get("task.contract.created")?.data ?? {};
  const hasRepository = run.stage >= 3;
  return [
    ["target", target !== null, hasRepository],
    ["base_commit", base_commit, hasRepository ? (report.source.baseline_commit ?? source_commit ?? null) : null],
    ["base_tree", base_tree, report.source.baseline_tree ?? undefined],
    ["target_id", target?.target_id ?? null, hasRepository ? (report.source.target_id ?? target_id ?? null) : null],
  ];
}

/** What a run that started nothing leaves open it may not know yet; what it names must be right. */
function toEnginePairs({ report }: WholeBundle, { engine, model }: Packet): Pairs {
  const ran = report.process_started;
  const { provider, model: name } = report.model ?? {};
  const { version, executable_sha256, input_sha256 } = report.engine;
  return [
    ["engine.id", engine.id, report.backend],
    ["engine.version", engine.version, ran ? version : (version ?? undefined)],
    ["engine.executable_sha256", engine.executable_sha256, ran ? executable_sha256 : (executable_sha256 ?? undefined)],
    ["engine.input_sha256", engine.input_sha256, ran ? (input_sha256 ?? null) : (input_sha256 ?? undefined)],
    ["model", model, report.model === null ? (ran ? null : undefined) : { provider, model: name }],
  ];
}

function toContractPairs({ task }: WholeBundle, packet: Packet): Pairs {
  if (task === undefined) return [];
  const forbidden = new Set(packet.forbidden_actions);
  return [
    ["allowed_paths", packet.allowed_paths, task.allowed_paths],
    ["forbidden_paths", packet.forbidden_paths, task.forbidden_paths],
    // Layers above the contract may forbid more.
    ["forbidden_actions", task.forbidden_actions.every((action) => forbidden.has(action)), true],
    ["validation_commands", packet.validation_commands, task.verification.map((step) => step.run)],
    ["success_criteria", packet.success_criteria, task.success_criteria],
    ["rollback", packet.rollback, task.rollback],
    ["expires_minutes", packet.expires_minutes, task.approval.expires_minutes],
  ];
}

function isEqual(left: unknown, right: unknown): boolean {
  return left === right || toCanonicalJson(left) === toCanonicalJson(right);
}
