import { CtoError } from "@cto/errors";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DocumentProblem, parsePolicy, policyJsonSchema, readTaskPlaces } from "../index.ts";

const head = "schema: cto.policy.v1\n";
const config = "schema: cto.config.v1\n";
const organisation = (text: string) => parsePolicy({ file: "policy.yaml", layer: "organisation", text });
const repository = (text: string) => parsePolicy({ file: "cto/config.yaml", layer: "repository", text });

function refusalOf(parse: () => unknown): CtoError {
  try {
    parse();
  } catch (thrown) {
    if (CtoError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("the policy was accepted");
}

/** `line:column path: message` of each problem. */
function linesOf(parse: () => unknown): readonly string[] {
  const problems = refusalOf(parse).details.problems as unknown as DocumentProblem[];
  return problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

const says = {
  allowed_paths: ["src/", "docs/*.md"],
  forbidden_paths: ["src/secret/"],
  protected_paths: ["test/"],
  forbidden_actions: ["push"],
  by_products: ["out/"],
  engines: ["fake", "codex"],
  models: ["openai/gpt-5", "local/org/model:7b"],
  targets: ["shop"],
  stage: 4,
  network: "none",
  budget: { wall_seconds: 60, tokens: 1000, usd: 1.5, artifact_bytes: 4096 },
};

describe("an organisation's policy", () => {
  test("is a whole document, in YAML or JSON, and may say nothing", () => {
    const text = JSON.stringify({ schema: "cto.policy.v1", ...says }, null, 2);
    expect(organisation(text)).toMatchObject({ layer: "organisation", file: "policy.yaml", says });
    expect(organisation(head)).toEqual({ layer: "organisation", file: "policy.yaml", says: {}, places: new Map() });
    expect(
      parsePolicy({ file: "p", layer: "organisation", bytes: new TextEncoder().encode(`\ufeff${text}`) }).says,
    ).toEqual(says);
  });

  test("knows the place of every key, item and limit", () => {
    const { places } = organisation(
      `${head}allowed_paths:\n  - src/\n  - docs/\nengines: [fake]\nstage: 3\nbudget: {tokens: 5}\n`,
    );
    expect(Object.fromEntries([...places].map(([key, { line, column }]) => [key, `${line}:${column}`]))).toEqual({
      allowed_paths: "2:1",
      "allowed_paths[0]": "3:5",
      "allowed_paths[1]": "4:5",
      engines: "5:1",
      "engines[0]": "5:11",
      stage: "6:8",
      budget: "7:1",
      "budget.tokens": "7:18",
    });
  });

  test("is accepted by its own JSON Schema, and so is no unknown key", () => {
    const validate = new Ajv2020({ strict: true }).compile(policyJsonSchema());
    const whole = { schema: "cto.policy.v1", ...says };
    expect([validate(whole), validate({ schema: "cto.policy.v1" }), validate({ ...whole, colour: 1 })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("shows all its problems at once, in the order of the file", () => {
    const text = `schema: cto.policy.v2
allowed_path: [src/]
forbidden_paths: [../x]
allowed_paths: [.git/hooks]
engines: [Codex]
models: [gpt]
stage: 7
network: host
budget: {tokens: null, wall_second: 1}
approval: {}
`;
    expect(linesOf(() => organisation(text))).toEqual([
      '1:9 schema: schema is the text "cto.policy.v2", expected the text cto.policy.v1',
      '2:1 allowed_path: "allowed_path" is not a key here, expected allowed_paths',
      '3:19 forbidden_paths[0]: forbidden_paths[0] is the text "../x", expected a path that stays inside the repository, without `..`',
      '4:17 allowed_paths[0]: allowed_paths[0] is the text ".git/hooks", expected a path outside .git, which is always forbidden',
      '5:11 engines[0]: engines[0] is the text "Codex", expected an identifier: lower-case letters, digits, dots, dashes, underscores, at most 128',
      '6:10 models[0]: models[0] is the text "gpt", expected a model as provider/model',
      "7:8 stage: stage is the number 7, expected a stage from 1 to 6",
      '8:10 network: network is the text "host", expected none or gateway',
      "9:18 budget.tokens: budget.tokens is empty, expected a whole number of tokens from 1",
      '9:24 budget.wall_second: "wall_second" is not a key here, expected wall_seconds',
      '10:1 approval: "approval" is not a key here, expected a key of the policy',
    ]);
  });
});

describe("a repository's policy", () => {
  test("is one key of its configuration, whose other keys are not looked at", () => {
    const text = `${config}sandbox: {anything: [goes]}\npolicy:\n  engines: [fake]\n  budget: {tokens: 5}\n`;
    expect(repository(text)).toEqual({
      layer: "repository",
      file: "cto/config.yaml",
      says: { engines: ["fake"], budget: { tokens: 5 } },
      places: new Map([
        ["engines", { line: 4, column: 3 }],
        ["engines[0]", { line: 4, column: 13 }],
        ["budget", { line: 5, column: 3 }],
        ["budget.tokens", { line: 5, column: 20 }],
      ]),
    });
  });

  test("is silent without the key", () => {
    expect(repository(config)).toEqual({ layer: "repository", file: "cto/config.yaml", says: {}, places: new Map() });
  });

  test.each([
    ["an empty key", `${config}policy:\n`, "2:8 policy: policy is empty, expected a map of the keys of a policy"],
    ["a list", `${config}policy: []\n`, "2:9 policy: policy is an empty list, expected a map of the keys of a policy"],
    [
      "an unknown key",
      `${config}policy: {engine: [fake]}\n`,
      '2:10 policy.engine: "engine" is not a key here, expected engines',
    ],
    [
      "another version of the configuration",
      "schema: cto.config.v2\npolicy: {}\n",
      '1:9 schema: schema is the text "cto.config.v2", expected the text cto.config.v1',
    ],
    ["a whole policy", head, '1:9 schema: schema is the text "cto.policy.v1", expected the text cto.config.v1'],
    ["no map", "- a\n", "1:1 : the file is a list, expected a map of the keys of a policy"],
  ])("with %s is refused", (_what, text, line) => {
    expect(linesOf(() => repository(text))).toEqual([line]);
  });
});

describe("a policy that is not one plain text is refused", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test.each<[string, Uint8Array, string]>([
    ["nothing", bytes(""), "POLICY_EMPTY"],
    ["comments", bytes("# later\n"), "POLICY_EMPTY"],
    ["a NUL", bytes("schema: a\0b\n"), "POLICY_BINARY"],
    ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x73, 0]), "POLICY_ENCODING"],
    ["broken UTF-8", Uint8Array.from([...bytes(head), 0xff]), "POLICY_ENCODING"],
    ["more than 1 MiB", new Uint8Array(1024 * 1024 + 1).fill(32), "POLICY_TOO_LARGE"],
    ["an alias", bytes(`${head}engines: &a [fake]\ntargets: *a\n`), "POLICY_SYNTAX"],
    ["a key twice", bytes(`${head}engines: [fake]\nengines: [codex]\n`), "POLICY_SYNTAX"],
    ["a second document", bytes(`${head}---\n${head}`), "POLICY_SYNTAX"],
    ["a tag", bytes(`${head}engines: !!seq [fake]\n`), "POLICY_SYNTAX"],
  ])("%s", (_what, content, code) => {
    for (const layer of ["organisation", "repository"] as const) {
      const error = refusalOf(() => parsePolicy({ file: "policy.yaml", layer, bytes: content }));
      expect([error.code, error.message.startsWith("policy.yaml:")]).toEqual([code, true]);
    }
  });

  test("whatever it is, with a code of its own", () => {
    const keys = fc.constantFrom(...Object.keys(says), "policy", "__proto__", "constructor");
    fc.assert(
      fc.property(
        fc.constantFrom("organisation" as const, "repository" as const),
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 100 }),
          fc
            .dictionary(keys, fc.jsonValue({ maxDepth: 3 }))
            .map((value) => JSON.stringify({ schema: "cto.policy.v1", ...value })),
          fc
            .dictionary(keys, fc.jsonValue({ maxDepth: 3 }))
            .map((value) => JSON.stringify({ schema: "cto.config.v1", policy: value })),
        ),
        (layer, text) => {
          try {
            parsePolicy({ file: "p", layer, text });
          } catch (thrown) {
            if (!CtoError.is(thrown)) throw thrown;
            expect(thrown.code).toMatch(/^POLICY_/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test("a contract's policy has the places of what its file says, and none for a default", () => {
  const text =
    "schema: cto.task.v1\nid: a\nallowed_paths: [src/, lib/]\nbudget:\n  tokens: 5\nverification: [{id: a}]\n";
  expect([...readTaskPlaces({ file: "t", text })].map(([key, { line, column }]) => `${key} ${line}:${column}`)).toEqual(
    ["allowed_paths 3:1", "allowed_paths[0] 3:17", "allowed_paths[1] 3:23", "budget 4:1", "budget.tokens 5:11"],
  );
  expect(refusalOf(() => readTaskPlaces({ file: "t", text: "a: *b" })).code).toBe("TASK_SYNTAX");
});
