import { type ApprovalPacket, type ModelPair, SCHEMAS, type Stage, toCanonicalJson } from "@cto/evidence-interface";
import { toShown } from "../blocker.ts";
import type { TaskContract } from "../task-contract.ts";

/** What a packet is made of. Digests are lower-case hex SHA-256. */
export interface PacketFacts {
  readonly task: TaskContract;
  readonly taskDigest: string;
  readonly stage: Stage;
  /** Null at stage 2, which has no repository. `name` is the id of the target's admission. */
  readonly target: { readonly targetId: string; readonly name: string | null } | null;
  readonly baseCommit: string | null;
  readonly baseTree: string;
  /** Of the layers above the approval. */
  readonly policyDigest: string;
  /** `inputSha256` is of the engine's own file beside the task; null if there is none. */
  readonly engine: {
    readonly id: string;
    readonly version: string;
    readonly sha256: string;
    readonly inputSha256: string | null;
  };
  readonly model: ModelPair | null;
  /** What all layers forbid, beside the contract. */
  readonly forbiddenActions: readonly string[];
}

/** The packet of a request, as attempt 1. The same facts give the same packet. */
export function toApprovalPacket(facts: PacketFacts): ApprovalPacket {
  const { baseCommit, engine, model, policyDigest, stage, target, task, taskDigest } = facts;
  return {
    schema: SCHEMAS.approvalPacket,
    task_id: task.id,
    task_digest: taskDigest,
    title: task.title,
    stage,
    target: target === null ? null : { target_id: target.targetId, name: target.name },
    base_commit: baseCommit,
    base_tree: facts.baseTree,
    policy_digest: policyDigest,
    engine: {
      id: engine.id,
      version: engine.version,
      executable_sha256: engine.sha256,
      input_sha256: engine.inputSha256,
    },
    model,
    success_criteria: [...task.success_criteria],
    allowed_paths: [...task.allowed_paths],
    forbidden_paths: [...task.forbidden_paths],
    forbidden_actions: [...new Set([...task.forbidden_actions, ...facts.forbiddenActions])],
    validation_commands: task.verification.map(({ run }) => [...run]),
    rollback: task.rollback,
    expires_minutes: task.approval.expires_minutes,
    attempt: 1,
    sentence: toSentence(facts),
  };
}

const WHERE: Readonly<Partial<Record<Stage, string>>> = {
  3: "in a copy of the repository",
  4: "in a throwaway copy of the repository",
  5: "for the repository",
};

function toSentence({ baseCommit, engine, model, stage, target, task }: PacketFacts): string {
  const who = `${engine.id} ${engine.version}${model === null ? "" : ` with ${model.provider}/${model.model}`}`;
  const what = `${task.allowed_paths.slice(0, 3).join(", ")}${task.allowed_paths.length > 3 ? ` and ${task.allowed_paths.length - 3} more` : ""}`;
  const name =
    target === null
      ? ""
      : ` ${target.name ?? target.targetId.slice(0, 12)} at ${baseCommit?.slice(0, 12) ?? "no commit"}`;
  const where = target === null ? "in a copy of the task's fixture" : `${WHERE[stage] ?? "in the repository"}${name}`;
  return toShown(`Let ${who} change ${what} ${where}, once, for "${task.title}".`, 1000);
}

/** True if two packets ask for the same thing: they differ in nothing but the attempt. */
export function isSameRequest(a: ApprovalPacket, b: ApprovalPacket): boolean {
  return toCanonicalJson({ ...a, attempt: 0 }) === toCanonicalJson({ ...b, attempt: 0 });
}

/** Sentences that tell where two packets for one task differ. */
export function comparePackets(approved: ApprovalPacket, asked: ApprovalPacket): readonly string[] {
  const pairs: readonly (readonly [what: string, approved: unknown, asked: unknown])[] = [
    ["the task contract", approved.task_digest, asked.task_digest],
    ["the target", approved.target?.target_id ?? null, asked.target?.target_id ?? null],
    ["the base commit", approved.base_commit, asked.base_commit],
    ["the base tree", approved.base_tree, asked.base_tree],
    ["the policy", approved.policy_digest, asked.policy_digest],
    ["the stage", approved.stage, asked.stage],
    ["the engine", `${approved.engine.id} ${approved.engine.version}`, `${asked.engine.id} ${asked.engine.version}`],
    ["the engine's executable", approved.engine.executable_sha256, asked.engine.executable_sha256],
    ["the engine's input", approved.engine.input_sha256, asked.engine.input_sha256],
    ["the model", approved.model, asked.model],
  ];
  return pairs.flatMap(([what, was, is]) =>
    toCanonicalJson(was) === toCanonicalJson(is) ? [] : [`${what} was ${describe(was)} and is ${describe(is)}`],
  );
}

function describe(value: unknown): string {
  if (value === null) return "none";
  if (typeof value !== "object") return toShown(String(value), 64);
  return toShown(Object.values(value).join(" "), 160);
}
