import { oneLine } from "@cto/errors";
import { compilePolicy, findWidenings, type PolicyLayer } from "@cto/gates";
import type { PolicyLayerProblem } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { answerWord } from "../policy/answer-word.ts";
import { guessKind, parseKind } from "../policy/asked-word.ts";
import { findStackWidenings, mayRunOnTarget } from "../policy/find-stack-widenings.ts";
import { listContracts } from "../policy/list-contracts.ts";
import {
  type PolicyStack,
  readStandingStack,
  readTargetLayers,
  readTargetStack,
  readTaskLayer,
  tryTaskLayer,
} from "../policy/policy-stack.ts";
import { countOf, sayAnswer, sayProblems, sayWidenings } from "../policy/policy-text.ts";
import { openSettingOfRun, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto policy explain`: exit 0 if no run is refused for it, 1 if one is, 3 if a layer cannot be read. */
export async function explainPolicyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSettingOfRun();
  const word = args[0] ?? "";
  const { absent, layers, problems } = await readExplainedStack(setting, options);
  const compiled = compilePolicy(layers);
  const kind = parseKind(options.as) ?? guessKind(setting, compiled, word);
  const answer = problems.length > 0 ? null : answerWord(setting, compiled, kind, word);
  const widenings = findWidenings(layers).length;
  if (terminal.json)
    terminal.document({
      schema: "cto.policy-explanation.v1",
      what: word,
      as: kind,
      ...(answer ?? UNKNOWN),
      layers: compiled.layers.map(toItem),
      widenings,
      problems: absent === null ? problems : [...problems, absent],
    });
  if (absent !== null) terminal.note(`the target adds no layer (${absent.message})`);
  if (answer === null) {
    sayProblems(terminal, problems);
    terminal.say(
      `${terminal.paint("yellow", "unknown")} ${oneLine(word)}: a layer cannot be read, so nothing is permitted`,
    );
    return EXIT.blocked;
  }
  sayAnswer(terminal, { word, kind, answer, layers: compiled.layers, guessed: options.as === undefined });
  if (widenings > 0) terminal.say(`  but ${describeWidenings(widenings)}, and no run starts: ${toCheck(options)}`);
  return answer.allowed ? EXIT.pass : EXIT.fail;
}

const UNKNOWN = {
  verdict: "unknown",
  allowed: false,
  rule: null,
  why: null,
  layer: null,
  file: null,
  line: null,
  column: null,
};

async function readExplainedStack(
  setting: Setting,
  options: Record<string, unknown>,
): Promise<PolicyStack & { readonly absent: PolicyLayerProblem | null }> {
  const { layers, problems } = readStandingStack(setting);
  const task = options.task === undefined ? [] : [await readTaskLayer(setting, String(options.task))];
  if (options.target === undefined) return { layers: [...layers, ...task], problems, absent: null };
  const target = await readTargetStack(setting, String(options.target));
  return {
    layers: [...layers, ...target.layers, ...task],
    problems: [...problems, ...target.problems],
    absent: target.absent,
  };
}

function describeWidenings(count: number): string {
  return count === 1 ? "1 rule widens a layer above it" : `${count} rules widen a layer above them`;
}

/** The command that names what `explain` only counted. */
function toCheck({ target, task }: Record<string, unknown>): string {
  const typed = [
    ["--task", task],
    ["--target", target],
  ].filter(([, value]) => value !== undefined);
  return ["cto policy check", ...typed.map(([flag, value]) => `${flag} ${toWord(String(value))}`)].join(" ");
}

/** A word as it is typed in a shell. */
function toWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${oneLine(text, 400).replaceAll("'", "'\\''")}'`;
}

/** `cto policy check`: exit 0 clean, 1 if a layer widens, 3 if one cannot be read. */
export async function checkPolicyCommand(
  terminal: Terminal,
  _args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSettingOfRun();
  const standing = readStandingStack(setting);
  const tasks = await readTasks(setting, options.task);
  const targets = await readTargets(setting, options, tasks.layers);
  const problems = [standing, targets, tasks].flatMap((stack) => stack.problems);
  const found = findStackWidenings({
    standing: standing.layers,
    targets: targets.layers,
    admitted: targets.admitted,
    tasks: tasks.layers,
  });
  const items = found.map((widening) => ({ code: "POLICY_WIDENED", ...widening }));
  const layers = [standing, targets, tasks].flatMap((stack) => stack.layers).map(toItem);
  if (terminal.json) terminal.document({ schema: "cto.policy-check.v1", items, problems, layers });
  sayProblems(terminal, problems);
  sayWidenings(terminal, items);
  terminal.say(
    `${countOf(layers.length, "layer")} read, ${problems.length} unreadable, ${countOf(items.length, "widening")}`,
  );
  if (problems.length > 0) return EXIT.blocked;
  return items.length > 0 ? EXIT.fail : EXIT.pass;
}

/** The contracts to check: the one that was named, else all in `cto/cases` and `cto/tasks`. */
async function readTasks(setting: Setting, named: unknown): Promise<PolicyStack> {
  if (named !== undefined) return { layers: [await readTaskLayer(setting, String(named))], problems: [] };
  const { files, problems } = listContracts(setting);
  const stacks: PolicyStack[] = [{ layers: [], problems }];
  for (const file of files) stacks.push(await tryTaskLayer(setting, file));
  return { layers: stacks.flatMap((stack) => stack.layers), problems: stacks.flatMap((stack) => stack.problems) };
}

/** The targets to check: the one that was named, else all, unless the only contract that is asked never meets one. */
async function readTargets(
  setting: Setting,
  { target, task }: Record<string, unknown>,
  tasks: readonly PolicyLayer[],
): Promise<PolicyStack & { readonly admitted: readonly PolicyLayer[] }> {
  if (target !== undefined) {
    const { absent, layers, problems } = await readTargetStack(setting, String(target));
    return { layers, admitted: layers, problems: absent === null ? problems : [...problems, absent] };
  }
  if (task === undefined || tasks.some(mayRunOnTarget)) return readTargetLayers(setting);
  return { layers: [], admitted: [], problems: [] };
}

function toItem({ file, layer }: PolicyLayer) {
  return { layer, file };
}
