import { CtoError, type JsonObject } from "@cto/errors";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { FAKE_ACTIONS, type FakeScript } from "./fake-script.ts";
import { type ScriptFinding, validateFakeScript } from "./validate-fake-script.ts";

/** Why a script cannot be used. */
export type FakeErrorCode = "FAKE_SCRIPT_INVALID" | "FAKE_SCRIPT_MISSING";

const MAX_CHARACTERS = 1024 * 1024;
const MAX_PROBLEMS_SHOWN = 50;

/**
 * Reads a fake script (`cto.fake-script.v1`; one YAML 1.2 or JSON document without aliases, at most 1 Mi characters). Throws
 * `FAKE_SCRIPT_INVALID` with the problems in `details.problems` (`file, line, column, path, message`; the first 50); the message of the error
 * is the first one, as `file:line:column: what is wrong`.
 */
export function parseFakeScript(input: { readonly file: string; readonly text: string }): FakeScript {
  const { file, text } = input;
  if (text.length > MAX_CHARACTERS) {
    throw invalid([{ file, line: 1, column: 1, path: "", message: `longer than ${MAX_CHARACTERS} characters` }]);
  }
  const lines = new LineCounter();
  const problems: JsonObject[] = [];
  const add = (offset: number, path: ScriptFinding["path"], message: string) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line, column: col, path: toPathName(path), message });
  };
  const script = readScript(text, lines, add);
  if (script !== undefined && problems.length === 0) return script;
  throw invalid(problems);
}

type AddProblem = (offset: number, path: ScriptFinding["path"], message: string) => void;

function readScript(text: string, lines: LineCounter, add: AddProblem): FakeScript | undefined {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  for (const fault of [...document.errors, ...document.warnings]) add(fault.pos[0], [], fault.message);
  const aliases: number[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias.range?.[0] ?? 0) });
  for (const offset of aliases) add(offset, [], "aliases are not part of the language");
  if (document.errors.length + aliases.length > 0) return undefined;
  const value: unknown = document.toJS();
  for (const finding of validateFakeScript(value)) add(offsetOf(document, finding), finding.path, finding.message);
  return value as FakeScript;
}

function invalid(problems: readonly JsonObject[]): CtoError<FakeErrorCode> {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new CtoError(
    "FAKE_SCRIPT_INVALID",
    `${first?.file}:${first?.line}:${first?.column}: ${first?.message}${more}`,
    {
      hint: `Correct the script; its actions are: ${FAKE_ACTIONS.join(", ")}.`,
      details: { problems: problems.slice(0, MAX_PROBLEMS_SHOWN), problem_count: problems.length },
    },
  );
}

/** The offset of what a finding means, or of the nearest thing around it that stands in the text. */
function offsetOf(document: Document.Parsed, finding: ScriptFinding): number {
  const node: unknown = document.getIn(finding.path, true);
  if (finding.key !== undefined && isMap(node)) {
    const key = node.items.map((pair) => pair.key).find((key) => isScalar(key) && key.value === finding.key);
    if (isScalar(key)) return key.range?.[0] ?? 0;
  }
  if (isNode(node)) return node.range?.[0] ?? 0;
  if (finding.path.length === 0) return 0;
  return offsetOf(document, { path: finding.path.slice(0, -1), message: finding.message });
}

function toPathName(path: ScriptFinding["path"]): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}
