import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { toPatchPaths, toPathText } from "../index.ts";

const scratch = mkdtempSync(join(tmpdir(), "cto-patch-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const encode = (text: string) => new TextEncoder().encode(text);
const readText = (text: string) => toPatchPaths([encode(text)]);
const paths = (...names: string[]) => ({ kind: "read", paths: new Set(names) });

/** A repository whose second tree differs from the first as `change` says; gives the patch that git writes. */
function gitPatch(
  name: string,
  before: (root: string) => void,
  change: (root: string) => void,
  ...options: string[]
): Uint8Array {
  const root = join(scratch, name);
  mkdirSync(root);
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: scratch,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, env, maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"] });
  git("init", "--quiet");
  before(root);
  git("add", "-A");
  const first = git("write-tree").toString().trim();
  change(root);
  git("add", "-A");
  const second = git("write-tree").toString().trim();
  return new Uint8Array(git("diff-tree", "-p", "--binary", "--full-index", ...options, first, second));
}

const put = (root: string, name: string | Buffer, text = "one\ntwo\nthree\n") =>
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]), text);

describe("toPatchPaths", () => {
  test("reads the paths of a patch that git wrote: names of every kind, modes, links, binary files", () => {
    const names = [
      "plain.txt",
      "a b c.txt",
      "b/ b/x",
      "tab\there",
      'quo"te',
      "back\\slash",
      "new\nline",
      "-dash",
      "ünïcode",
      "diff --git a",
      " lead",
      "trail ",
      Buffer.from([0x61, 0xff]),
    ];
    const patch = gitPatch(
      "names",
      (root) => {
        mkdirSync(join(root, "b"), { recursive: true });
        mkdirSync(join(root, "b/ b"), { recursive: true });
        for (const name of [...names, "gone", "mode", "type", "binary"]) put(root, name);
      },
      (root) => {
        for (const name of names) put(root, name, "one\n--- a/evil\n+++ b/evil\ndiff --git a/evil b/evil");
        rmSync(join(root, "gone"));
        rmSync(join(root, "type"));
        symlinkSync("plain.txt", join(root, "type"));
        chmodSync(join(root, "mode"), 0o755);
        writeFileSync(
          join(root, "binary"),
          Uint8Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256),
        );
        put(root, "empty", "");
        put(root, "added", "no newline at the end");
      },
      "--no-renames",
    );
    const expected = [
      ...names.map((name) => toPathText(Uint8Array.from(Buffer.from(name)))),
      "gone",
      "mode",
      "type",
      "binary",
      "empty",
      "added",
    ];
    expect(toPatchPaths([patch])).toEqual(paths(...expected));
  });

  test("takes both names of a rename and the new one of a copy", () => {
    const text = "line\n".repeat(40);
    const move = (root: string) => {
      rmSync(join(root, "old ä"));
      put(root, "new b-x", `${text}more\n`);
    };
    const renamed = gitPatch("rename", (root) => put(root, "old ä", text), move, "-M");
    expect(toPatchPaths([renamed])).toEqual(paths("old ä", "new b-x"));
    const copied = gitPatch(
      "copy",
      (root) => put(root, "one", text),
      (root) => put(root, "two", text),
      "-C",
      "--find-copies-harder",
    );
    expect(toPatchPaths([copied])).toEqual(paths("two"));
  });

  test("reads an empty patch", () => {
    expect(toPatchPaths([])).toEqual(paths());
  });

  const start = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";
  test.each([
    ["text before the first header", `From: someone\n${start}`, 1],
    ["a plain patch behind the last hunk", `${start}--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+z\n`, 9],
    ["a header inside a hunk's count", start.replace("+1,2", "+1,9").concat("diff --git a/y b/y\n"), 9],
    ["a hunk that is cut", start.replace("+c\n", ""), 7],
    ["a side that names another file", start.replace("+++ b/x", "+++ b/y"), 4],
    ["a header whose names differ without a rename", start.replace("b/x\nindex", "b/y\nindex"), 3],
    ["a header without prefixes", "diff --git x x\nold mode 100644\nnew mode 100755\n", 3],
    ["a name with broken quoting", 'diff --git "a/\\q" "b/\\q"\nold mode 100644\nnew mode 100755\n', 3],
    ["an unknown header", "diff --git a/x b/x\nsubmodule x\n", 2],
    ["a patch hidden in a binary section", "diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 0\n--- a/y\n", 5],
  ])("refuses %s", (_title, text, line) => {
    expect(readText(text)).toMatchObject({ kind: "unreadable", line });
  });

  test("never throws and ends in time on any text", () => {
    const piece = fc.constantFrom(
      "diff --git a/x b/x\n",
      "--- a/x\n",
      "+++ b/x\n",
      "@@ -1 +1 @@\n",
      "@@ -0,0 +1,99999999999999999999 @@\n",
      "+a\n",
      "-a\n",
      " a\n",
      "\\ No newline\n",
      "GIT binary patch\n",
      "\u0000",
      '"',
      "\n",
      "rename to y\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(["read", "unreadable"]).toContain(readText(pieces.join("")).kind);
      }),
      { numRuns: 500 },
    );
  });
});
