import { findWidenings, type GateFact, OPEN_GATE, toTaskLayer } from "@cto/gates";
import type { LoadedTask } from "../case/load-task.ts";
import type { PolicyLayerProblem } from "../records/read-policy-layers.ts";
import type { RunRules } from "./read-rules.ts";

/** The gate `policy-layers`: every layer can be read and none permits what the one above it does not. */
export function judgeLayers({ layerProblems, layers }: RunRules, { file, readPlaces, task }: LoadedTask): GateFact {
  const [broken] = layerProblems;
  if (broken !== undefined) {
    const what = `the ${broken.layer} policy cannot be read: ${withoutValue(broken)}${andMore(layerProblems)}`;
    return { answer: "fail", reason: what, hint: broken.hint };
  }
  if (findWidenings(layers).length === 0) return OPEN_GATE;
  // Only a refusal needs to know where the rules of the task stand.
  const placed = layers.map((one) => (one.layer === "task" ? toTaskLayer(task, { file, places: readPlaces() }) : one));
  const widenings = findWidenings(placed);
  const [first] = widenings;
  if (first === undefined) return OPEN_GATE;
  const place = `${first.file}${first.line === null ? "" : `:${first.line}`} ${first.key}`;
  return {
    answer: "fail",
    code: "policy_widened",
    reason: `${place}: ${first.message}${andMore(widenings)}`,
    hint: first.hint,
  };
}

/** A file that is not what it should be may hold anything, also what must not stand in a bundle: its place is told, and not its words. */
function withoutValue({ file, message }: PolicyLayerProblem): string {
  const [, place] = /^(\S.*?:\d+:\d+): /.exec(message) ?? [];
  if (place !== undefined) return `${place} is not as it must be; \`cto policy check\` says what is wrong there`;
  return message.startsWith(file) ? message : `${file} ${message}`;
}

function andMore(all: readonly unknown[]): string {
  return all.length > 1 ? ` (and ${all.length - 1} more)` : "";
}
