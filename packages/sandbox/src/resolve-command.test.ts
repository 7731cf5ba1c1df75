import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBubblewrapSandbox, type Sandbox } from "./index.ts";

let root: string;
let workspace: string;
let sandbox: Sandbox;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "cto-resolve-")));
  workspace = join(root, "workspace");
  const tool = join(root, "tool");
  await mkdir(join(workspace, "bin"), { recursive: true });
  await mkdir(join(tool, "bin"), { recursive: true });
  await writeFile(join(tool, "bin", "tool-1.2"), "#!/bin/sh\n", { mode: 0o755 });
  await symlink("tool-1.2", join(tool, "bin", "tool"));
  await writeFile(join(tool, "bin", "git"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(workspace, "bin", "here"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(workspace, "bin", "plain"), "#!/bin/sh\n", { mode: 0o644 });
  await writeFile(join(root, "outside"), "#!/bin/sh\n", { mode: 0o755 });
  await symlink("/usr/bin/sort", join(workspace, "bin", "system"));
  await symlink("/opt/cto/tool/bin/tool", join(workspace, "bin", "chained"));
  await symlink(join(root, "outside"), join(workspace, "bin", "by-host-path"));
  await symlink("../../outside", join(workspace, "bin", "by-dots"));
  await symlink("loop", join(workspace, "bin", "loop"));
  const toolchains = [
    { name: "tool", root: tool, inside: "/opt/cto/tool", path: ["/opt/cto/tool/bin"], libraries: [] },
  ];
  sandbox = createBubblewrapSandbox({ toolchains });
});
afterAll(() => rm(root, { recursive: true }));

describe("finds", () => {
  test("a command of the system, through the links of the root and of alternatives", async () => {
    for (const command of ["sh", "/bin/sh", "awk", "perl"]) {
      const found = await sandbox.resolveCommand(command, workspace);
      expect(found?.inside).toMatch(/^\/usr\/bin\//);
      expect(found?.host).toBe(await realpath(command.startsWith("/") ? command : `/usr/bin/${command}`));
    }
  });

  test("a command of a tool chain, in front of the system's, link followed", async () => {
    expect(await sandbox.resolveCommand("tool", workspace)).toEqual({
      inside: "/opt/cto/tool/bin/tool-1.2",
      host: join(root, "tool", "bin", "tool-1.2"),
    });
    expect((await sandbox.resolveCommand("git", workspace))?.inside).toBe("/opt/cto/tool/bin/git");
  });

  test("a file of the workspace", async () => {
    const here = { inside: "/workspace/bin/here", host: join(workspace, "bin", "here") };
    expect(await sandbox.resolveCommand("bin/here", workspace)).toEqual(here);
    expect(await sandbox.resolveCommand("./bin/../bin/here", workspace)).toEqual(here);
    expect(await sandbox.resolveCommand("/workspace/bin/here", workspace)).toEqual(here);
  });

  test("what a link of the workspace means inside", async () => {
    expect((await sandbox.resolveCommand("bin/system", workspace))?.host).toBe(await realpath("/usr/bin/sort"));
    expect((await sandbox.resolveCommand("bin/chained", workspace))?.inside).toBe("/opt/cto/tool/bin/tool-1.2");
  });

  test("what only a mount of the request shows", async () => {
    const mounts = [{ host: join(root, "tool"), inside: "/workspace/node_modules", writable: false }];
    expect(await sandbox.resolveCommand("node_modules/bin/tool", workspace)).toBeUndefined();
    expect(await sandbox.resolveCommand("node_modules/bin/tool", workspace, mounts)).toEqual({
      inside: "/workspace/node_modules/bin/tool-1.2",
      host: join(root, "tool", "bin", "tool-1.2"),
    });
  });
});

describe("does not find", () => {
  test.each([
    "no-such-command",
    "here",
    "bin/plain",
    "bin",
    "bin/by-host-path",
    "bin/by-dots",
    "bin/loop",
    "bin/here/x",
    "../outside",
    "",
    "a\0b",
    "x".repeat(5_000),
  ])("%j", async (command) => {
    expect(await sandbox.resolveCommand(command, workspace)).toBeUndefined();
  });

  test("a file of the host by the host's own path", async () => {
    expect(await sandbox.resolveCommand(join(root, "outside"), workspace)).toBeUndefined();
    expect(await readFile(join(root, "outside"), "utf8")).toBe("#!/bin/sh\n");
  });
});
