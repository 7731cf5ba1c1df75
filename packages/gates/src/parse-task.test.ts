import { CtoError } from "@cto/errors";
import { toCanonicalJson } from "@cto/evidence-interface";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { type DocumentProblem, type DocumentSource, parseTask, taskJsonSchema } from "./index.ts";

const valid = `schema: cto.task.v1
id: r1
title: Slugify
brief: Make it so.
allowed_paths: [src/]
verification:
  - id: tests
    run: [node, --test]
`;

const contract = {
  schema: "cto.task.v1",
  id: "r1",
  title: "Slugify",
  brief: "Make it so.",
  authority_basis: "",
  risk_class: "low",
  stage: 2,
  allowed_paths: ["src/"],
  forbidden_paths: [],
  forbidden_actions: [],
  protected_paths: [],
  setup: [],
  bring: [],
  by_products: [],
  verification: [
    { id: "tests", run: ["node", "--test"], timeout_seconds: 300, reads: "none", compare_baseline: false },
  ],
  diff_required: true,
  approval: { required: false, expires_minutes: 60 },
  budget: { wall_seconds: 900, tokens: null, usd: null, artifact_bytes: 2 * 1024 ** 3 },
  network: "none",
  success_criteria: [],
  rollback: null,
};

function refusalOf(source: Omit<DocumentSource, "file"> & ({ text: string } | { bytes: Uint8Array })): CtoError {
  try {
    parseTask({ file: "task.yaml", ...source } as DocumentSource);
  } catch (thrown) {
    if (CtoError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("the task was accepted");
}

function problemsOf(text: string): readonly DocumentProblem[] {
  const { details } = refusalOf({ text });
  return details.problems as unknown as DocumentProblem[];
}

/** `line:column path: message` of each problem. */
function linesOf(text: string): readonly string[] {
  return problemsOf(text).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

function withLine(line: string): string {
  return `${valid}${line}\n`;
}

describe("a valid contract", () => {
  test("gets every default, as YAML, as JSON with tabs, with a byte order mark and as bytes", () => {
    const json = JSON.stringify(
      {
        schema: "cto.task.v1",
        id: "r1",
        title: "Slugify",
        brief: "Make it so.",
        allowed_paths: ["src/"],
        verification: [{ id: "tests", run: ["node", "--test"] }],
      },
      null,
      "\t",
    );
    expect(parseTask({ file: "t", text: valid })).toEqual(contract);
    expect(parseTask({ file: "t", text: json })).toEqual(contract);
    expect(parseTask({ file: "t", text: `\ufeff${valid}` })).toEqual(contract);
    expect(
      parseTask({ file: "t", bytes: new TextEncoder().encode(`\ufeff${valid.replaceAll("\n", "\r\n")}`) }),
    ).toEqual(contract);
  });

  test("is frozen all the way down and has a canonical text", () => {
    const task = parseTask({ file: "t", text: valid });
    expect(Object.isFrozen(task) && Object.isFrozen(task.budget) && Object.isFrozen(task.verification[0]?.run)).toBe(
      true,
    );
    expect(JSON.parse(toCanonicalJson(task))).toEqual(contract);
  });

  test("needs neither paths nor verification at stage 1", () => {
    const task = parseTask({ file: "t", text: "schema: cto.task.v1\nid: a\ntitle: T\nbrief: B\nstage: 1\n" });
    expect([task.stage, task.allowed_paths, task.verification]).toEqual([1, [], []]);
  });

  test("is accepted by its own JSON Schema, and so is no unknown key", () => {
    const validate = new Ajv2020({ strict: true }).compile(taskJsonSchema());
    const { schema, id, title, brief, allowed_paths, verification } = contract;
    const input = { schema, id, title, brief, allowed_paths, verification };
    expect([validate(contract), validate(input), validate({ ...input, colour: 1 })]).toEqual([true, true, false]);
  });
});

describe("an invalid contract", () => {
  test("shows all problems at once, in the order of the file, and the first line of the message is the first of them", () => {
    const text = `schema: cto.task.v2
id: R 1
title: 2024
brief: B
allowed_path: [src/]
stage: 9
verification:
  - id: a
    run: npm test
    timeout_second: 4
  - id: a
    run: [sleep, 5]
budget: {wall_seconds: 1.5}
approval: yes
`;
    expect(linesOf(text)).toEqual([
      "1:1 allowed_paths: allowed_paths is empty, expected at least one path pattern from stage 2 on",
      '1:9 schema: schema is the text "cto.task.v2", expected the text cto.task.v1',
      '2:5 id: id is the text "R 1", expected an identifier: lower-case letters, digits, dots, dashes, underscores, at most 128',
      "3:8 title: title is the number 2024, expected one line of 1 to 200 characters",
      '5:1 allowed_path: "allowed_path" is not a key here, expected allowed_paths',
      "6:8 stage: stage is the number 9, expected a stage from 1 to 6",
      '9:10 verification[0].run: verification[0].run is the text "npm test", expected a command as a list of words, like [node, --test]',
      '10:5 verification[0].timeout_second: "timeout_second" is not a key here, expected timeout_seconds',
      '11:9 verification[1].id: verification[1].id is "a" a second time, expected an id of its own',
      '12:18 verification[1].run[1]: verification[1].run[1] is the number 5, expected text without NUL (numbers in quotes: "5")',
      "13:24 budget.wall_seconds: budget.wall_seconds is the number 1.5, expected a whole number of seconds from 1 to 86400",
      '14:11 approval: approval is the text "yes", expected a map {required, expires_minutes}',
    ]);
    const error = refusalOf({ text });
    expect(error.code).toBe("TASK_INVALID");
    expect(error.message.split("\n")[0]).toBe(
      "task.yaml:1:1: allowed_paths is empty, expected at least one path pattern from stage 2 on",
    );
  });

  test.each([
    ["../x", "a path that stays inside the repository, without `..`"],
    ["a/../b", "a path that stays inside the repository, without `..`"],
    ["/etc", "a path relative to the root of the repository, without a leading slash"],
    ["C:/x", "a path relative to the root of the repository, without a drive letter"],
    ["a\\b", "forward slashes: a backslash is no separator here"],
    ["a//b", "a path without empty segments (`//`)"],
    ["./a", "a path without `.` segments: write src/, not ./src/"],
    ["", "a path pattern that is not empty"],
    ["a**", "`**` as a whole segment: src/**/x, not src/a**"],
    ["a\0", "a path pattern of plain characters, without NUL or U+FFFD"],
  ])("refuses the pattern %j in every list of paths", (pattern, expected) => {
    for (const list of ["forbidden_paths", "protected_paths", "by_products", "bring"]) {
      const found = linesOf(withLine(`${list}: [${JSON.stringify(pattern)}]`));
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(new RegExp(`^9:\\d+ ${list}\\[0\\]: `));
      expect(found[0]?.endsWith(`expected ${expected}`)).toBe(true);
    }
  });

  test.each([".git", ".git/hooks/", ".GIT/config", "sub/.git/", "GIT~1/x", ".git /x", ".g\u200bit/x"])(
    "refuses to allow %j",
    (pattern) => {
      const text = valid.replace("[src/]", JSON.stringify([pattern]));
      expect(problemsOf(text).map(({ path, line, column }) => [path, line, column])).toEqual([
        ["allowed_paths[0]", 5, 17],
      ]);
    },
  );

  test("compares counts only where they are read, and reads JUnit only from below the root", () => {
    const step = (line: string) => `${valid}    ${line}\n`;
    expect(problemsOf(step("compare_baseline: true")).map(({ path }) => path)).toEqual([
      "verification[0].compare_baseline",
    ]);
    expect(problemsOf(step("reads: junit:../out.xml")).map(({ path }) => path)).toEqual(["verification[0].reads"]);
    expect(
      parseTask({ file: "t", text: step("reads: junit:out/r.xml\n    compare_baseline: true") }).verification[0]?.reads,
    ).toBe("junit:out/r.xml");
  });

  test.each([
    ["run: []", "verification[0].run"],
    ['run: [""]', "verification[0].run"],
    ['run: ["a\\0b"]', "verification[0].run[0]"],
    ["timeout_seconds: 0", "verification[0].timeout_seconds"],
    ["timeout_seconds: 86401", "verification[0].timeout_seconds"],
  ])("refuses the step %s", (line, path) => {
    const steps = line.startsWith("run")
      ? `  - id: tests\n    ${line}\n`
      : `  - id: tests\n    run: [a]\n    ${line}\n`;
    const text = `${valid.slice(0, valid.indexOf("  - id"))}${steps}`;
    expect(problemsOf(text).map((problem) => problem.path)).toEqual([path]);
  });

  test.each([
    ["setup: {run: [a]}", "setup"],
    ["budget: {usd: -1}", "budget.usd"],
    ["budget: {usd: .inf}", "budget.usd"],
    ["budget: {tokens: .nan}", "budget.tokens"],
    ["network: host", "network"],
    ["diff_required: 'no'", "diff_required"],
    ["forbidden_actions: [Push]", "forbidden_actions[0]"],
    ["rollback: [a]", "rollback"],
    ["success_criteria: ['']", "success_criteria[0]"],
    ["setup:", "setup"],
    ["__proto__: {polluted: 1}", "__proto__"],
    ["constructor: 1", "constructor"],
  ])("refuses %s", (line, path) => {
    expect(problemsOf(withLine(line)).map((problem) => problem.path)).toEqual([path]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([
    ["forbiden_paths", "forbidden_paths"],
    ["Brief2", "brief"],
    ["protected-paths", "protected_paths"],
    ["verifcation", "verification"],
    ["xyzzy", undefined],
  ])("asks whether %s means %s", (key, meant) => {
    const [problem] = problemsOf(withLine(`${key}: []`));
    expect(problem?.hint.startsWith(meant === undefined ? "Known keys: " : `Did you mean ${meant}?`)).toBe(true);
  });

  test.each(["- a\n- b\n", "just text\n", "5\n"])("refuses %j, which is no map, with one problem", (text) => {
    expect(problemsOf(text).map(({ path, line, column }) => [path, line, column])).toEqual([["", 1, 1]]);
  });
});
