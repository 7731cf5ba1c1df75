import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkFile, checkStyle } from "./check-style.mjs";

const rulesOf = (path: string, text: string) => checkFile({ path, text }).map(({ rule, line }) => `${rule}:${line}`);

test.each([
  ["a source of 301 lines", "packages/a/src/a.ts", "x\n".repeat(301), ["source-length:301"]],
  ["a source of 300 lines", "packages/a/src/a.ts", "x\n".repeat(300), []],
  ["a README of 81 lines", "packages/a/README.md", "x\n".repeat(81), ["readme-length:81"]],
  ["a file called utils", "packages/a/src/utils.ts", "", ["file-name:1"]],
  ["a folder called helpers", "packages/a/src/helpers/a.ts", "", ["file-name:1"]],
  ["a word that only begins so", "packages/a/src/helpers-of-git.ts", "", []],
  ["an export of everything", "packages/a/src/a.ts", '\nexport * from "./b.ts";', ["export-all:2"]],
  ["a default export", "packages/a/src/a.ts", "export default 1;", ["export-default:1"]],
  ["a default export of a tool's config", "packages/a/tsup.config.ts", "export default 1;", []],
  ["exitCode ?? 0", "packages/a/src/a.ts", "const a = end.exitCode ?? 0;", ["exit-code-default:1"]],
  ["code || 0", "tools/a/a.mjs", "const a = result.code || 0;", ["exit-code-default:1"]],
  ["status() ?? 0", "tools/a/a.mjs", "const a = status() ?? 0;", ["exit-code-default:1"]],
  ["count ?? 0", "packages/a/src/a.ts", "const a = count ?? 0; const exit = 0;", []],
  ["a leftover", "packages/a/src/a.ts", "a();\n// TODO later", ["leftover:2"]],
  ["a leftover in a script", "tools/a/a.sh", "  # FIXME", ["leftover:1"]],
  ["a leftover in a page", "docs/a.md", "<!-- XXX -->", ["leftover:1"]],
  ["a directive of TAP in a string", "packages/a/src/a.test.ts", 'parse("not ok 1 # TODO");', []],
  ["a home folder", "docs/a.md", "see /home/alice/a", ["machine-path:1"]],
  ["root's home in a string", "packages/a/src/a.ts", 'read("/root/a")', ["machine-path:1"]],
  ["a path that only ends so", "docs/a.md", "packages/work/a ~/root/ ./work/a", []],
  ["a trailer that names an author", "docs/a.md", "Co-Authored-By: a", ["attribution:1"]],
  ["a registry's host", "docs/a.md", "https://registry.example.org/a", ["registry-host:1"]],
  [
    "a lockfile that names where it downloads from",
    "pnpm-lock.yaml",
    "a:\n    tarball: https://x",
    ["registry-host:2"],
  ],
])("judges %s", (_, path, text, expected) => {
  expect(rulesOf(path, text)).toEqual(expected);
});

test("reads what git tracks or would track, and says what a package lacks before it can be released", () => {
  const root = mkdtempSync(join(tmpdir(), "cto-style-"));
  try {
    execFileSync("git", ["init", "-q"], { cwd: root });
    const files = {
      ".gitignore": "dist/\n",
      "packages/a/package.json": '{ "name": "@cto/a", "version": "0.0.0" }',
      "apps/b/package.json": '{ "name": "@cto/b", "version": "0.0.0" }',
      "apps/c/package.json": '{ "name": "@cto/c", "version": "0.1.0" }',
      ".changeset/first.md": '---\n"@cto/b": minor\n---\n',
      "packages/a/src/api.test.ts": "",
      "packages/a/dist/a.js": "export default 1;",
      "packages/a/src/a.ts": "export default 1;",
      "packages/a/src/a.bin": "/root/\0",
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    expect(checkStyle(root).map(({ path, rule, message }) => [path, rule, message])).toEqual([
      ["packages/a/src/a.ts", "export-default", "use a named export"],
      ["packages/a/package.json", "package-shape", "the package lacks a README.md"],
      ["packages/a/package.json", "package-shape", "the package lacks a test"],
      ["packages/a/package.json", "package-shape", "@cto/a was never released: add a changeset that says what it is"],
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
