import { oneLine } from "@cto/errors";
import type { Ladder } from "@cto/evidence-interface";
import type { LadderItem } from "@cto/gates";
import type { Terminal } from "../terminal.ts";

/** What stands around the entries of a ladder. */
export interface LadderView {
  readonly items: readonly { readonly item: LadderItem; readonly stale: string | null }[];
  readonly leftOut: Ladder["left_out"];
  readonly notes: readonly string[];
  readonly explain: boolean;
  /** Names of targets by their identity. */
  readonly targets: ReadonlyMap<string, string>;
}

/** A ladder for people: one line for each subject, then what its next rung needs. */
export function toLadderText(
  terminal: Terminal,
  { explain, items, leftOut, notes, targets }: LadderView,
): readonly string[] {
  const present = items.filter(({ stale }) => stale === null);
  const stale = items.filter((one) => one.stale !== null);
  const hidden = [
    ...(stale.length > 0 ? [`${stale.length} of other versions or policies`] : []),
    ...(leftOut.length > 0 ? [`${leftOut.length} run(s) that count for nobody`] : []),
  ];
  const lines = [
    ...present.flatMap(({ item }) => toItemText(terminal, item, { explain, targets })),
    ...(explain ? stale.flatMap((one) => toStaleText(terminal, one.item, one.stale ?? "", targets)) : []),
    ...(explain && leftOut.length > 0
      ? ["runs that count for nobody:", ...leftOut.map(({ reason, run_id }) => `  ${run_id}: ${oneLine(reason, 300)}`)]
      : []),
    ...notes.map((note) => `${terminal.paint("yellow", "note")} ${oneLine(note, 300)}`),
    ...(!explain && hidden.length > 0 ? [`not shown: ${hidden.join(", ")} (--explain shows them)`] : []),
  ];
  return present.length === 0 ? [...lines, "no engine is ready: cto doctor says what is missing"] : lines;
}

function toItemText(
  terminal: Terminal,
  item: LadderItem,
  { explain, targets }: Pick<LadderView, "explain" | "targets">,
): readonly string[] {
  const head = `${terminal.paint("bold", toName(item))}  ${toPlace(item, targets)}: ${toStanding(terminal, item)}`;
  return [head, ...(explain ? item.rungs.flatMap(toRungText) : []), ...toNextText(item)];
}

/** What the next rung needs. Stages 1 and 2 are the same on every target, so they are told once. */
function toNextText({ engine, rungs, target_id }: LadderItem): readonly string[] {
  const next = rungs.find(({ proven }) => !proven);
  if (next === undefined)
    return target_id === null
      ? [`  stage 3 and up are proven on one target: cto run <case> --engine ${engine.id} --stage 3 --target DIR`]
      : [];
  if (next.stage <= 2 && target_id !== null) return [];
  return [`  stage ${next.stage} needs:`, ...next.missing.map((text) => `    - ${oneLine(text, 600)}`)];
}

function toRungText({ bundles, proven, stage }: LadderItem["rungs"][number]): readonly string[] {
  if (bundles.length === 0) return [];
  return [
    `  stage ${stage} ${proven ? "is proven by" : "has so far"}:`,
    ...bundles.map(({ proves, run_id }) => `    ${run_id}  ${proves}`),
  ];
}

function toStaleText(
  terminal: Terminal,
  item: LadderItem,
  why: string,
  targets: LadderView["targets"],
): readonly string[] {
  return [
    `${terminal.paint("dim", `${toName(item)}  ${toPlace(item, targets)}: had stage ${item.proven_stage}; does not count, ${why}`)}`,
  ];
}

function toName({ engine, model }: LadderItem): string {
  return `${engine.id} ${oneLine(engine.version, 60)}${model === null ? "" : ` with ${oneLine(`${model.provider}/${model.model}`, 120)}`}`;
}

function toPlace({ target_id }: LadderItem, targets: LadderView["targets"]): string {
  return target_id === null ? "on every target" : `on ${targets.get(target_id) ?? `target ${target_id.slice(0, 12)}`}`;
}

function toStanding(
  terminal: Terminal,
  { candidate_default_eligible, proven_stage, repeatability_count }: LadderItem,
): string {
  if (proven_stage === 0) return terminal.paint("yellow", "nothing is proven");
  const tasks =
    repeatability_count === 0 ? "" : ` with ${repeatability_count} ${repeatability_count === 1 ? "task" : "tasks"}`;
  const eligible = candidate_default_eligible
    ? "; may be a candidate for the default, which only a person decides"
    : "";
  return terminal.paint("green", `stage ${proven_stage} is proven${tasks}${eligible}`);
}
