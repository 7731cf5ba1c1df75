import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { CtoError, oneLine, systemCode } from "@cto/errors";
import {
  compilePolicy,
  findWidenings,
  type NameDecision,
  type PathDecision,
  type PolicyLayer,
  type Widening,
} from "@cto/gates";
import { listCaseIds, type PolicyLayerProblem } from "@cto/harness";
import { EXIT } from "../exit-codes.ts";
import { explainWord, guessKind, parseKind, type WordKind } from "../policy/asked-word.ts";
import {
  type PolicyStack,
  readStandingStack,
  readTargetLayer,
  readTargetLayers,
  readTaskLayer,
  tryTaskLayer,
} from "../policy/policy-stack.ts";
import { openSettingOfRun, type Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** `cto policy explain`: exit 0 allowed, 1 forbidden or no rule, 3 if a layer cannot be read. */
export async function explainPolicyCommand(
  terminal: Terminal,
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSettingOfRun();
  const word = args[0] ?? "";
  const { layers, problems } = await readExplainedStack(terminal, setting, options);
  const compiled = compilePolicy(layers);
  const kind = parseKind(options.as) ?? guessKind(setting, compiled, word);
  const decision = problems.length > 0 ? null : explainWord(compiled, kind, word);
  const widenings = findWidenings(layers).length;
  if (terminal.json)
    terminal.document({
      schema: "cto.policy-explanation.v1",
      what: word,
      as: kind,
      ...(decision ?? UNKNOWN),
      layers: compiled.layers.map(toItem),
      widenings,
      problems,
    });
  if (decision === null) {
    sayProblems(terminal, problems);
    terminal.say(
      `${terminal.paint("yellow", "unknown")} ${oneLine(word)}: a layer cannot be read, so nothing is permitted`,
    );
    return EXIT.blocked;
  }
  sayDecision(terminal, { word, kind, decision, layers: compiled.layers, guessed: options.as === undefined });
  if (widenings > 0)
    terminal.say(`  but ${widenings} rules widen a layer above them, and no run starts: cto policy check`);
  return decision.allowed ? EXIT.pass : EXIT.fail;
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
  terminal: Terminal,
  setting: Setting,
  options: Record<string, unknown>,
): Promise<PolicyStack> {
  const { layers, problems } = readStandingStack(setting);
  const all = [...layers];
  if (options.task !== undefined) all.push(await readTaskLayer(setting, String(options.task)));
  if (options.target !== undefined) {
    const target = await readTargetLayer(setting, String(options.target));
    if (target.layer !== null) all.push(target.layer);
    else terminal.note(`the target adds no layer (${target.why})`);
  }
  return { layers: all, problems };
}

interface Shown {
  readonly word: string;
  readonly kind: WordKind;
  readonly decision: PathDecision | NameDecision;
  readonly layers: readonly PolicyLayer[];
  readonly guessed: boolean;
}

function sayDecision(terminal: Terminal, { decision, guessed, kind, layers, word }: Shown): void {
  const { file, layer, rule, verdict, why } = decision;
  const other =
    kind === "path" ? "--as action, model, engine or target says otherwise" : "--as path if you mean a file";
  terminal.say(
    [
      `${terminal.paint(decision.allowed ? "green" : "red", verdict === "no-rule" ? "no rule" : verdict)} ${oneLine(word)}`,
      `  taken for ${kind === "action" || kind === "engine" ? "an" : "a"} ${kind}${guessed ? ` (${other})` : ""}`,
      ...(rule === null ? [] : [`  rule   ${oneLine(rule, 200)}`]),
      ...(layer === null || file === null ? [] : [`  layer  ${layer}, ${placeOf({ ...decision, file })}`]),
      `  why    ${oneLine(why, 400)}`,
      layers.length === 0
        ? "  no layer is there; --task T asks a task contract too"
        : `  asked  ${layers.map((one) => `${one.layer} (${one.file})`).join(", ")}`,
    ].join("\n"),
  );
}

/** `cto policy check`: exit 0 clean, 1 if a layer widens, 3 if one cannot be read. */
export async function checkPolicyCommand(
  terminal: Terminal,
  _args: readonly string[],
  options: Record<string, unknown>,
): Promise<number> {
  const setting = await openSettingOfRun();
  const standing = readStandingStack(setting);
  const targets = options.task === undefined ? readTargetLayers(setting) : { layers: [], problems: [] };
  const tasks = await readTasks(setting, options.task);
  const below = [targets, ...tasks];
  const lower = below.flatMap(({ layers }) => layers);
  const problems = [standing, ...below].flatMap((stack) => stack.problems);
  // Each stands under the standing layers alone: no two targets or tasks meet in one run.
  const items = [
    ...findWidenings(standing.layers),
    ...lower.flatMap((layer) => findWidenings([...standing.layers, layer]).filter((one) => one.layer === layer.layer)),
  ].map((widening) => ({ code: "POLICY_WIDENED", ...widening }));
  const layers = [...standing.layers, ...lower].map(toItem);
  if (terminal.json) terminal.document({ schema: "cto.policy-check.v1", items, problems, layers });
  sayProblems(terminal, problems);
  sayWidenings(terminal, items);
  terminal.say(`${layers.length} layers read, ${problems.length} unreadable, ${items.length} widenings`);
  if (problems.length > 0) return EXIT.blocked;
  return items.length > 0 ? EXIT.fail : EXIT.pass;
}

/** The contracts to check: the one that was named, else all in `cto/cases` and `cto/tasks`. */
async function readTasks(setting: Setting, named: unknown): Promise<readonly PolicyStack[]> {
  if (named !== undefined) return [{ layers: [await readTaskLayer(setting, String(named))], problems: [] }];
  const { files, problems } = await listContracts(setting);
  const stacks: PolicyStack[] = [{ layers: [], problems }];
  for (const file of files) stacks.push(await tryTaskLayer(setting, file));
  return stacks;
}

async function listContracts({
  cwd,
  home,
}: Setting): Promise<Pick<PolicyStack, "problems"> & { readonly files: readonly string[] }> {
  const [cases, tasks] = [join(home, "cto", "cases"), join(home, "cto", "tasks")];
  try {
    const found = (await listCaseIds([cases])).map(({ directory }) => join(directory, "task.yaml"));
    const plain = listNames(tasks).filter((name) => /\.(?:ya?ml|json)$/.test(name));
    const files = [...found, ...plain.sort().map((name) => join(tasks, name))];
    return { files: files.map((file) => `./${relative(cwd, file)}`), problems: [] };
  } catch (thrown) {
    const message = CtoError.is(thrown) ? thrown.message : `cannot be read (${systemCode(thrown) ?? "unknown reason"})`;
    const hint = "Make cto/cases and cto/tasks folders that you may read.";
    return { files: [], problems: [{ layer: "task", file: "cto/cases, cto/tasks", message, hint }] };
  }
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw cause;
  }
}

function toItem({ file, layer }: PolicyLayer) {
  return { layer, file };
}

function sayProblems(terminal: Terminal, problems: readonly PolicyLayerProblem[]): void {
  for (const { file, hint, layer, message } of problems) {
    const placed = message.startsWith(file) ? message : `${file}: ${message}`;
    terminal.say(`${terminal.paint("yellow", "unreadable")} ${layer} layer, ${placed}\n  ${hint}`);
  }
}

function sayWidenings(terminal: Terminal, widenings: readonly Widening[]): void {
  for (const widening of widenings)
    terminal.say(
      `${terminal.paint("red", "widens")} ${widening.layer} layer, ${placeOf(widening)}: ${oneLine(widening.message, 500)}\n  ${widening.hint}`,
    );
}

function placeOf({
  column,
  file,
  line,
}: {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}): string {
  return line === null ? file : `${file}:${line}:${column ?? 1}`;
}
