import { access, chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "@cto/exec";
import { createTestDirectory } from "@cto/git-state/testing";
import { expect, test } from "vitest";
import { removeTree, takeSnapshot } from "./index.ts";

test("removes paths that are too long for one call, which a snapshot cannot read", async () => {
  const scratch = await createTestDirectory();
  const root = join(scratch.path, "root");
  await mkdir(root);
  const script = 'for (1..30) { mkdir "d" x 200; chdir "d" x 200 or die }';
  const argv = ["perl", "-e", script] as const;
  const made = await runProcess({ argv, cwd: root, env: { PATH: "/usr/bin:/bin" }, timeoutMs: 10_000, graceMs: 100 });
  expect(made.outcome).toEqual({ kind: "exited", code: 0 });
  await expect(takeSnapshot(root)).rejects.toMatchObject({ code: "WORKSPACE_UNREADABLE" });
  await removeTree(root);
  expect(await readdir(scratch.path)).toEqual([]);
  await scratch.remove();
});

test("removes folders without permissions, and does not follow links", async () => {
  const scratch = await createTestDirectory();
  const root = join(scratch.path, "root");
  await mkdir(join(root, "closed/inner"), { recursive: true });
  await writeFile(join(scratch.path, "kept"), "");
  await symlink(scratch.path, join(root, "link"));
  await chmod(join(root, "closed/inner"), 0);
  await chmod(join(root, "closed"), 0);
  await removeTree(root);
  expect(await readdir(scratch.path)).toEqual(["kept"]);
  await scratch.remove();
});

test("takes a missing directory for removed", async () => {
  const scratch = await createTestDirectory();
  await removeTree(join(scratch.path, "missing"));
  await scratch.remove();
  await expect(access(scratch.path)).rejects.toMatchObject({ code: "ENOENT" });
});
