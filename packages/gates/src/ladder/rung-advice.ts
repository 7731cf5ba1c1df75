import type { FailureCode, Stage } from "@cto/evidence-interface";
import type { LadderSubject } from "./ladder-subject.ts";

/** The command whose run would count for a subject at a stage. */
export function toRunCommand({ engine, model }: LadderSubject, stage: Stage, what = "<case>"): string {
  const target = stage >= 3 ? " --target DIR" : "";
  const named = model === null ? "" : ` --model ${model.provider}/${model.model}`;
  return `cto run ${what} --engine ${engine.id}${named} --stage ${stage}${target}`;
}

/** What to do where no pass counts. `closedBy` is what ended the count, if something did. */
export function adviseOnPass(subject: LadderSubject, stage: Stage, closedBy: string | null): string {
  const command = `\`${toRunCommand(subject, stage)}\``;
  if (closedBy !== null) return `${closedBy}, so nothing older counts at stage ${stage}: run ${command} again`;
  if (stage === 1)
    return `no run at stage 1 that a gate held: ${command} makes one (it ends blocked, exit 3, by design)`;
  if (stage === 6)
    return `no run at stage 6 with a complete comparison: ${command} (it starts no engine and ends blocked, exit 3, by design)`;
  return `no pass at stage ${stage}${stage > 2 ? " on this target" : ""} that verifies now: ${command}`;
}

/** What to do where bundles of failure classes are missing. */
export function adviseOnClasses(subject: LadderSubject, stage: Stage, codes: readonly FailureCode[]): string {
  const record = `cto admit exemption --engine ${subject.engine.id} --stage ${stage} --code ${codes[0]}`;
  return (
    `no run at stage ${stage} that ended ${codes.join(", ")}: run cases that end so (\`cto cases list\`) with \`${toRunCommand(subject, stage)}\`, ` +
    `or record why there can be none: \`${record}\`${codes.length > 1 ? ", and so for each" : ""}`
  );
}
