import { oneLine } from "@cto/errors";
import type { ApprovalNarrowing, ApprovalPacket } from "@cto/evidence-interface";

/** Nobody can consent to what is not shown: nothing here is shortened. */
const whole = (text: string): string => oneLine(text, Number.MAX_SAFE_INTEGER);

/** A packet as a person reads it, the sentence first; one string per line. */
export function toPacketText(
  sha256: string,
  packet: ApprovalPacket,
  narrowing: ApprovalNarrowing | null,
): readonly string[] {
  const { engine, model, target } = packet;
  const row = (label: string, values: readonly string[]): readonly string[] =>
    (values.length === 0 ? ["-"] : values).map(
      (value, index) => `  ${(index === 0 ? label : "").padEnd(18)} ${whole(value)}`,
    );
  return [
    whole(packet.sentence),
    "",
    ...row("task", [`${packet.task_id} (stage ${packet.stage})`]),
    ...row("title", [packet.title]),
    ...row("target", target === null ? [] : [`${target.name ?? "no admitted name"}  ${target.target_id}`]),
    ...row("base commit", packet.base_commit === null ? [] : [packet.base_commit]),
    ...row("base tree", [packet.base_tree]),
    ...row("engine", [`${engine.id} ${engine.version}  ${engine.executable_sha256}`]),
    ...row("engine's input", engine.input_sha256 === null ? [] : [engine.input_sha256]),
    ...row("model", model === null ? [] : [`${model.provider}/${model.model}`]),
    ...row("may change", packet.allowed_paths),
    ...row("never", packet.forbidden_paths),
    ...row("may not", packet.forbidden_actions),
    ...row("success means", packet.success_criteria),
    ...row("checked by", packet.validation_commands.map(toCommandText)),
    ...row("rollback", packet.rollback === null ? [] : [packet.rollback]),
    ...row("policy", [packet.policy_digest]),
    ...row("task contract", [packet.task_digest]),
    ...row("good for", [`one run, within ${packet.expires_minutes} minutes of the decision`]),
    ...row("packet", [`${sha256}${packet.attempt === 1 ? "" : `  (attempt ${packet.attempt})`}`]),
    ...(narrowing?.allowed_paths === undefined ? [] : row("narrowed to", narrowing.allowed_paths)),
    ...(narrowing?.forbidden_paths === undefined ? [] : row("narrowed by never", narrowing.forbidden_paths)),
  ];
}

function toCommandText(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}
