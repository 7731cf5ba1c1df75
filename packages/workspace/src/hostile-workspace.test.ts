import { access, chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readRepository, readSourceDigests } from "@cto/git-state";
import { createTestDirectory, createTestRepository } from "@cto/git-state/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  applyPatch,
  checkOut,
  createBaseline,
  readWorkspaceHead,
  takeSnapshot,
  writePatch,
  writeResultTree,
} from "./index.ts";
import { createTestWorkspace, type TestWorkspace } from "./testing/test-workspace.ts";

let workspace: TestWorkspace;
let marker: string;
let trap: string;
beforeEach(async () => {
  workspace = await createTestWorkspace({ "a.txt": "1\n", "b.bin": "1\n", "sub/c.txt": "1\n" });
  marker = join(workspace.scratch, "marker");
  trap = join(workspace.scratch, "trap");
  await writeFile(trap, `#!/bin/sh\ntouch '${marker}'\ncat\n`, { mode: 0o755 });
});
afterEach(() => workspace.remove());

const wasSprung = () =>
  access(marker).then(
    () => true,
    () => false,
  );

/** All that the harness does with a workspace after the engine has ended. */
async function judge(): Promise<void> {
  const { baseline, checkout, scratch } = workspace;
  const snapshot = await takeSnapshot(checkout.directory);
  const result = await writeResultTree(baseline, checkout, { snapshot });
  expect(result.kind).toBe("written");
  if (result.kind !== "written") return;
  const file = join(scratch, "patch.diff");
  await writePatch(baseline, { from: checkout.tree, to: result.tree, file, maxBytes: 1e6 });
  const fresh = await checkOut(baseline, join(scratch, "fresh"));
  expect(await applyPatch(baseline, fresh, file)).toMatchObject({ kind: "applied", tree: result.tree });
  await readWorkspaceHead(baseline, checkout);
}

const config = (key: string, value: string) => workspace.run("git", "config", key, value);
const attributes = () => workspace.write(".gitattributes", "* filter=evil diff=evil merge=evil\n");

const tricks: readonly (readonly [name: string, arm: () => Promise<unknown>])[] = [
  ["core.fsmonitor", () => config("core.fsmonitor", trap)],
  ["a clean filter", async () => [await attributes(), await config("filter.evil.clean", trap)]],
  ["a smudge filter", async () => [await attributes(), await config("filter.evil.smudge", trap)]],
  [
    "a required process filter",
    async () => [
      await attributes(),
      await config("filter.evil.process", trap),
      await config("filter.evil.required", "true"),
    ],
  ],
  [
    "a filter through info/attributes",
    async () => {
      await workspace.write(".git/info/attributes", "* filter=evil\n");
      await config("filter.evil.clean", trap);
    },
  ],
  [
    "a filter behind include.path",
    async () => {
      await attributes();
      await workspace.write(".git/more", `[filter "evil"]\n\tclean = ${trap}\n`);
      await config("include.path", "more");
    },
  ],
  [
    "core.hooksPath",
    async () => {
      for (const hook of ["post-index-change", "post-checkout", "pre-commit", "reference-transaction"]) {
        await workspace.write(`hooks/${hook}`, `#!/bin/sh\ntouch '${marker}'\n`, 0o755);
      }
      await config("core.hooksPath", "hooks");
    },
  ],
  [
    "a post-index-change hook",
    () => workspace.write(".git/hooks/post-index-change", `#!/bin/sh\ntouch '${marker}'\n`, 0o755),
  ],
  [
    "an alias",
    async () => {
      for (const name of ["ls-files", "update-index", "write-tree", "diff-tree", "apply"]) {
        await config(`alias.${name}`, `!${trap}`);
      }
    },
  ],
  ["diff.external", () => config("diff.external", trap)],
  ["a text converter", async () => [await attributes(), await config("diff.evil.textconv", trap)]],
  ["a diff command", async () => [await attributes(), await config("diff.evil.command", trap)]],
  ["a merge driver", async () => [await attributes(), await config("merge.evil.driver", trap)]],
  [
    "core.sshCommand and a remote",
    async () => {
      await config("core.sshCommand", trap);
      await config("remote.origin.url", "ssh://evil.invalid/x");
      await config("remote.origin.promisor", "true");
    },
  ],
  ["core.pager and core.editor", async () => [await config("core.pager", trap), await config("core.editor", trap)]],
  ["gpg.program", async () => [await config("gpg.program", trap), await config("commit.gpgSign", "true")]],
  ["core.worktree", () => config("core.worktree", "/")],
  ["core.alternateRefsCommand", () => config("core.alternateRefsCommand", trap)],
];

test.each(tricks)("the harness does not start %s", async (_name, arm) => {
  await arm();
  await workspace.write("a.txt", "2\n");
  await workspace.write("new.txt", "2\n");
  await judge();
  expect(await wasSprung()).toBe(false);
});

test("the traps work: plain git starts the filter and the file monitor", async () => {
  await attributes();
  await config("filter.evil.clean", trap);
  await workspace.write("a.txt", "2\n");
  await workspace.run("git", "add", "-A");
  expect(await wasSprung()).toBe(true);
});

test("a missing object of a promisor remote starts no command", async () => {
  await config("core.repositoryformatversion", "1");
  await config("extensions.partialClone", "evil");
  await config("remote.evil.url", `ext::${trap}`);
  await config("remote.evil.promisor", "true");
  await config("protocol.ext.allow", "always");
  await workspace.write(".git/refs/heads/main", `${"1".repeat(40)}\n`);
  await workspace.write("a.txt", "2\n");
  await judge();
  expect(await wasSprung()).toBe(false);
});

test("hooks and file monitor inside a nested repository are not started", async () => {
  await workspace.run("git", "init", "-q", "nested");
  await workspace.run("git", "-C", "nested", "config", "core.fsmonitor", trap);
  await workspace.write("nested/x", "1\n");
  await judge();
  expect(await wasSprung()).toBe(false);
});

test("overwriting every object in a workspace harms neither target, baseline nor another checkout", async () => {
  const scratch = await createTestDirectory();
  const target = await createTestRepository({ files: { "a.txt": "1\n", "b.txt": "2\n" } });
  await target.git("gc", "-q");
  await target.write("c.txt", "loose\n");
  await target.commitAll();
  const repository = await readRepository(target.directory);
  const before = await readSourceDigests(repository);
  const baseline = await createBaseline({ kind: "repository", from: target.directory }, join(scratch.path, "baseline"));
  const checkout = await checkOut(baseline, join(scratch.path, "workspace"));
  const objects = join(checkout.directory, ".git/objects");
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    await chmod(file, 0o644);
    await writeFile(file, Buffer.alloc((await readFile(file)).length));
  }
  await target.git("fsck", "--strict");
  expect(await readSourceDigests(repository)).toEqual(before);
  const fresh = await checkOut(baseline, join(scratch.path, "fresh"));
  expect(await readFile(join(fresh.directory, "c.txt"), "utf8")).toBe("loose\n");
  await target.remove();
  await scratch.remove();
});
