import { CtoError } from "@cto/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../index.ts";

const head = "schema: cto.config.v1\n";
const full = `${head}sandbox:\n  toolchains:\n    - {name: python, executable: /opt/python/bin/python3}\n`;

function problemOf(text: string): string {
  try {
    parseConfig({ file: "cto/config.yaml", text });
  } catch (thrown) {
    if (CtoError.is(thrown) && thrown.code === "CONFIG_INVALID") return thrown.message;
    throw thrown;
  }
  return "accepted";
}

describe("parseConfig", () => {
  it("reads a version alone, an empty sandbox and tool chains, in YAML and JSON", () => {
    const parse = (text: string) => parseConfig({ file: "cto/config.yaml", text });
    expect(parse(head)).toEqual({ schema: "cto.config.v1" });
    expect(parse(`${head}sandbox: {}\n`)).toEqual({ schema: "cto.config.v1", sandbox: {} });
    const config = {
      schema: "cto.config.v1",
      sandbox: { toolchains: [{ name: "python", executable: "/opt/python/bin/python3" }] },
    };
    expect(parse(full)).toEqual(config);
    expect(parse(JSON.stringify(config))).toEqual(config);
    expect(parse(`${head}policy: {engines: [fake]}\n`).policy).toEqual({ engines: ["fake"] });
  });

  it.each([
    ["another version", full.replace("v1", "v2"), '1:9: schema: Invalid input: expected "cto.config.v1"'],
    [
      "a relative executable",
      full.replace("/opt", "opt"),
      "4:34: sandbox.toolchains.0.executable: expected an absolute path",
    ],
    [
      "a bad name",
      full.replace("python,", "Python,"),
      "4:14: sandbox.toolchains.0.name: expected lower-case letters, digits and hyphens, at most 32",
    ],
    [
      "a map for a list",
      `${head}sandbox: {toolchains: {}}`,
      "2:23: sandbox.toolchains: Invalid input: expected array, received object",
    ],
    ["an unknown key", full.replace("sandbox:", "sandboxes:"), '2:1: "sandboxes" is not a key here, expected sandbox'],
    [
      "a missing key",
      `${head}sandbox:\n  toolchains:\n    - name: a\n`,
      "4:7: sandbox.toolchains.0.executable: Invalid input: expected string, received undefined",
    ],
    [
      "an unknown key further down",
      full.replace("executable", "excutable"),
      '4:22: "excutable" is not a key here, expected executable',
    ],
    [
      "a key that is nothing like one",
      `${head}colour: red`,
      '2:1: "colour" is not a key here, expected one of schema, sandbox, policy',
    ],
    [
      "the key __proto__",
      `${head}__proto__: {}`,
      '2:1: "__proto__" is not a key here, expected one of schema, sandbox, policy',
    ],
    ["a key twice", `${head}${head}`, "2:1: Map keys must be unique"],
    [
      "a second document",
      `${head}---\n${head}`,
      "2:1: Source contains multiple documents; please use YAML.parseAllDocuments()",
    ],
    ["a tag", `${head}sandbox: !!js {}`, "2:10: Unresolved tag: tag:yaml.org,2002:js"],
    ["an alias", `${head}sandbox: &a {}\nmore: *a`, "3:7: an alias, expected the value itself"],
    ["a list", "- 1\n", "1:1: the document: Invalid input: expected object, received array"],
    ["nothing", "", "1:1: the document: Invalid input: expected object, received null"],
  ])("refuses %s, with its place", (_, text, problem) => {
    expect(problemOf(text)).toBe(`cto/config.yaml:${problem}`);
  });

  it("puts the place into the details too", () => {
    expect(() => parseConfig({ file: "c.yaml", text: "schema: [\n" })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", details: { file: "c.yaml", line: 2, column: 1 } }),
    );
  });

  it("refuses an alias bomb, a text without end and nesting without end, at once", () => {
    const bomb = Array.from({ length: 30 }, (_, n) => `k${n + 1}: &k${n + 1} [${`*k${n}, `.repeat(9)}]`).join("\n");
    expect(problemOf(`k0: &k0 x\n${bomb}\n`)).toBe("cto/config.yaml:2:10: an alias, expected the value itself");
    expect(problemOf(`${head}#${"x".repeat(1024 * 1024)}`)).toBe(
      "cto/config.yaml:1:1: 1048599 characters, expected at most 1048576",
    );
    for (const [open, close] of [
      ["[", "]"],
      ["{a: ", "}"],
      ["- ", ""],
    ] as const)
      for (const depth of [33, 300, 3000, 60_000])
        expect(problemOf(open.repeat(depth) + close.repeat(depth))).toMatch(/^cto\/config\.yaml:1:\d+: /);
    const nested = `${"[".repeat(31)}x${"]".repeat(31)}`;
    expect(problemOf(`${head}policy: ${nested}`)).toBe("accepted");
    expect(problemOf(`${head}policy: [${nested}]`)).toBe("cto/config.yaml:2:40: nested deeper than 32 levels");
  });

  it("reads a policy of ten thousand rules, and tens of thousands of keys, in time that grows with the text", () => {
    const rules = Array.from(
      { length: 10_000 },
      (_, n) => `    - packages/frontend-application/source/components/c${n}/`,
    );
    const large = `${full}policy:\n  allowed_paths:\n${rules.join("\n")}\n`;
    expect(large.length).toBeGreaterThan(500_000);
    expect(problemOf(large)).toBe("accepted");
    const keys = Array.from({ length: 60_000 }, (_, n) => `  k${n}: 1`).join("\n");
    expect(problemOf(`${head}policy:\n${keys}\n`)).toBe("accepted");
    expect(problemOf(`${head}policy:\n${keys}\n  k7: 2\n`)).toBe("cto/config.yaml:60003:3: Map keys must be unique");
  });

  it("throws nothing but its own error, whatever the text", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        head,
        full,
        "sandbox:",
        "  toolchains:",
        "- {name: a}",
        "&a",
        "*a",
        "? [b]\n: c",
        "%YAML 1.1\n---",
        "<<: {}",
        "\t",
        "!!set",
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        expect(problemOf(lines.join("\n"))).toMatch(/^(?:accepted|cto\/config\.yaml:\d+:\d+: )/);
      }),
      { numRuns: 1_000 },
    );
  });
});
