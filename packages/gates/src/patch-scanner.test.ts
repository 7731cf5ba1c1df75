import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPatchScanner, scanPatchForSecrets } from "./index.ts";

const token = `npm_${"a1".repeat(18)}`;
const other = `ghp_${"b2".repeat(18)}`;

describe("a real patch", () => {
  let directory = "";
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", ...args], {
      cwd: directory,
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", HOME: directory, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    });
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "cto-gates-"));
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    await writeFile(join(directory, "old.txt"), [...lines, `kept ${other}`, `gone ${other}`, ""].join("\n"));
    await writeFile(join(directory, "gone.bin"), "\0old");
    git("init", "-q");
    git("add", ".");
    git("commit", "-qm", "base");
    lines.splice(3, 1, `++ b/fake ${token}`, "plain");
    await writeFile(join(directory, "old.txt"), [...lines, `kept ${other}`, `last ${token}`].join("\n"));
    await writeFile(join(directory, "with space.txt"), `${token}\n`);
    await writeFile(join(directory, "caf\u00e9\n.txt"), `x\n${token} ${other}\n`);
    await writeFile(join(directory, `${other}.txt`), "nothing\n");
    await writeFile(join(directory, "new.bin"), `\0${token}`);
    await writeFile(join(directory, "odd\n.bin"), "\0x");
    await rm(join(directory, "gone.bin"));
    await writeFile(join(directory, "text"), "GIT binary patch\n");
    git("add", "-A");
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("gives file, line in the new file and kind of everything added, and nothing that was there", () => {
    const patch = git("diff", "--cached", "--binary", "--full-index", "--no-renames");
    const found = scanPatchForSecrets(patch);
    expect([...found].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: '"caf\\303\\251\\n.txt"', line: 2, kind: "npm-token" },
      { path: '"caf\\303\\251\\n.txt"', line: 2, kind: "github-token" },
      { path: `${other}.txt`, line: 0, kind: "github-token" },
      { path: "old.txt", line: 4, kind: "npm-token" },
      { path: "old.txt", line: 33, kind: "npm-token" },
      { path: "with space.txt", line: 1, kind: "npm-token" },
    ]);
    const scanner = createPatchScanner();
    for (const line of patch.split("\n")) scanner.addLine(line);
    expect(scanner.findings()).toEqual(found);
    expect(scanner.binaryPaths()).toEqual(["gone.bin", "new.bin", '"odd\\n.bin"']);
  });
});

test("a name that is not ASCII stands as path text, whatever way git printed it", () => {
  const patch = [
    'diff --git "a/caf\\303\\251" "b/caf\\303\\251"',
    "--- /dev/null",
    '+++ "b/caf\\303\\251"',
    "@@ -0,0 +1 @@",
    `+${token}`,
  ];
  expect(scanPatchForSecrets(patch)).toEqual([{ path: "caf\u00e9", line: 1, kind: "npm-token" }]);
});

test("an added line that looks like a header stays in its file", () => {
  const patch = [
    "diff --git a/x b/x",
    "--- a/x",
    "+++ b/x",
    "@@ -1 +1,3 @@",
    "-a",
    "+++ b/y",
    "+@@ -1 +9 @@",
    `+${token}`,
    "diff --git a/z b/z",
  ];
  expect(scanPatchForSecrets(patch)).toEqual([{ path: "x", line: 3, kind: "npm-token" }]);
});

test("an empty patch has no findings", () => {
  expect(scanPatchForSecrets("")).toEqual([]);
});
