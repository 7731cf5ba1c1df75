import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkTiers } from "./check-tiers.mjs";
import { scanSource } from "./scan-source.mjs";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cto-tiers-"));
  write("package.json", JSON.stringify({ devDependencies: { vitest: "1" } }));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function addPackage(
  name: string,
  dependencies: readonly string[],
  sources: Readonly<Record<string, string>>,
  group = "packages",
) {
  const manifest = {
    name: `@cto/${name}`,
    exports: { ".": "./src/index.ts", "./testing": "./src/testing.ts" },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, "1"])),
  };
  write(`${group}/${name}/package.json`, JSON.stringify(manifest, null, 2));
  for (const [file, text] of Object.entries(sources)) write(`${group}/${name}/src/${file}`, text);
}

const seen = () => checkTiers(root).map(({ file, line, rule }) => `${file}:${line} ${rule}`);

test("accepts a small repository whose arrows all point downwards", () => {
  addPackage("errors", [], { "index.ts": "export const a = 1;" });
  addPackage("gates", ["@cto/errors", "yaml"], {
    "index.ts": 'import { parse } from "yaml";\nexport { a } from "@cto/errors";\nparse("");',
  });
  addPackage("exec", ["@cto/errors", "execa"], {
    "index.ts": 'import { execa } from "execa";\nimport "node:fs";\nexeca;',
  });
  addPackage("workspace", ["@cto/exec", "@cto/git-state"], { "index.ts": 'import "@cto/exec/testing";' });
  addPackage("git-state", ["@cto/exec"], {});
  addPackage("cli", ["@cto/workspace", "anything"], { "index.ts": 'import "anything";' }, "apps");
  expect(seen()).toEqual([]);
});

test("refuses a dependency that points upwards, sideways or to a library that the tier may not have", () => {
  addPackage("errors", ["zod", "@cto/gates"], {});
  addPackage("gates", ["execa"], {});
  addPackage("exec", [], {});
  addPackage("git-state", ["@cto/workspace"], {});
  addPackage("workspace", [], {});
  expect(seen()).toEqual([
    "packages/errors/package.json:9 dependency-direction",
    "packages/gates/package.json:8 dependency-direction",
    "packages/git-state/package.json:8 dependency-direction",
  ]);
});

test("refuses a package that has no tier", () => {
  addPackage("newcomer", [], {});
  expect(seen()).toEqual(["packages/newcomer/package.json:1 unknown-package"]);
});

test("refuses Node, clock, randomness and console in a hermetic package, but not in its tests and programs", () => {
  const source =
    'import { a } from "node:fs";\nawait import("fs/promises");\nDate.now();\nnew Date();\nMath.random();\nconsole.log(process.argv);\nfetch(a);';
  addPackage("gates", [], { "index.ts": source, "index.test.ts": source, "bin/check.ts": source });
  expect(seen()).toEqual([1, 2, 3, 4, 5, 6, 6, 7].map((line) => `packages/gates/src/index.ts:${line} hermetic`));
});

test("does not take a comment, a string, a property or a fixed date for a use of a global", () => {
  const text = `// Date.now() process.exit
    const a = { process: 1, fetch() {} };
    a.process; a.fetch(); "console.log"; new Date(0); type T = Buffer;
    const { console: other } = a as never;`;
  const { uses } = scanSource("a.ts", text, {
    globals: ["process", "console", "fetch", "Buffer"],
    calls: ["Date.now"],
  });
  expect(uses).toEqual([]);
});

test("sees a global behind globalThis and in a short-hand property", () => {
  const { uses } = scanSource("a.ts", "globalThis.process;\nconst b = { process };", {
    globals: ["process"],
    calls: [],
  });
  expect(uses).toEqual([
    { name: "globalThis.process", line: 1 },
    { name: "process", line: 2 },
  ]);
});

test("refuses processes outside exec", () => {
  addPackage("git-state", ["execa"], {
    "index.ts": 'import "execa";\nimport type { A } from "node:child_process";\nexport * from "child_process";',
  });
  addPackage("exec", ["execa"], { "index.ts": 'import "node:child_process";' });
  expect(seen()).toEqual([
    "packages/git-state/package.json:8 dependency-direction",
    "packages/git-state/src/index.ts:1 reserved-module",
    "packages/git-state/src/index.ts:2 reserved-module",
    "packages/git-state/src/index.ts:3 reserved-module",
  ]);
});

test("refuses undeclared packages, deep imports and paths into another package", () => {
  addPackage("errors", [], { "index.ts": 'import "../../gates/src/index.ts";' });
  addPackage("gates", ["@cto/errors"], {
    "index.ts":
      'import "@cto/errors/src/a.ts";\nimport "zod";\nexport type A = import("left-pad").A;\nimport "vitest";',
    "index.test.ts": 'import "vitest";\nimport "@cto/gates";',
  });
  expect(seen()).toEqual([
    "packages/errors/src/index.ts:1 relative-import",
    "packages/gates/src/index.ts:1 undeclared-import",
    "packages/gates/src/index.ts:2 undeclared-import",
    "packages/gates/src/index.ts:3 undeclared-import",
    "packages/gates/src/index.ts:4 undeclared-import",
  ]);
});

test("keeps the verifier away from what builds a bundle", () => {
  addPackage("evidence-interface", [], {});
  const source =
    'import { SCHEMAS, verifyBundle as check } from "@cto/evidence-interface";\nimport * as all from "@cto/evidence-interface";';
  addPackage("core-bundle", ["@cto/evidence-interface"], { "verify-a.ts": source });
  addPackage("bundle-store", ["@cto/evidence-interface"], { "verify-run.ts": source, "write-run.ts": source });
  expect(seen()).toEqual([
    "packages/bundle-store/src/write-run.ts:1 verifier-ban",
    "packages/bundle-store/src/write-run.ts:2 verifier-ban",
    "packages/core-bundle/src/verify-a.ts:1 verifier-ban",
    "packages/core-bundle/src/verify-a.ts:2 verifier-ban",
  ]);
});
