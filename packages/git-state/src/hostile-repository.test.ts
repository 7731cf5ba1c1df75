import { access, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGitState, readRepository, readSourceDigests, runGit } from "./index.ts";
import { createTestRepository, type TestRepository } from "./testing/index.ts";

let repository: TestRepository;
let marker: string;
let trap: string;
beforeEach(async () => {
  repository = await createTestRepository({
    files: { "a.txt": "1\n", ".gitattributes": "*.txt filter=evil diff=evil\n" },
  });
  marker = join(repository.directory, "..", "marker");
  trap = join(repository.directory, "..", "trap");
  await writeFile(trap, `#!/bin/sh\ntouch '${marker}'\ncat\n`, { mode: 0o755 });
  // Same size, other time: git must look at the content.
  await utimes(join(repository.directory, "a.txt"), 1_000, 1_000);
});
afterEach(() => repository.remove());

async function wasSprung(): Promise<boolean> {
  return access(marker).then(
    () => true,
    () => false,
  );
}

async function readEverything(): Promise<void> {
  await readGitState(repository.directory);
  await readSourceDigests(await readRepository(repository.directory));
}

const traps: readonly (readonly [name: string, arm: () => Promise<unknown>])[] = [
  ["core.fsmonitor", () => repository.git("config", "core.fsmonitor", trap)],
  ["a clean filter", () => repository.git("config", "filter.evil.clean", trap)],
  [
    "a required process filter",
    async () => {
      await repository.git("config", "filter.evil.process", trap);
      await repository.git("config", "filter.evil.required", "true");
    },
  ],
  [
    "a clean filter behind an include",
    async () => {
      await writeFile(join(repository.directory, ".git/more"), `[filter "evil"]\n\tclean = ${trap}\n`);
      await repository.git("config", "include.path", "more");
    },
  ],
  [
    "a clean filter in the configuration of the work tree",
    async () => {
      await repository.git("config", "extensions.worktreeConfig", "true");
      await repository.git("config", "--worktree", "filter.evil.clean", trap);
    },
  ],
  [
    "a post-index-change hook",
    () =>
      writeFile(join(repository.directory, ".git/hooks/post-index-change"), `#!/bin/sh\ntouch '${marker}'\n`, {
        mode: 0o755,
      }),
  ],
  [
    "core.hooksPath",
    async () => {
      await repository.write("../hooks/post-index-change", `#!/bin/sh\ntouch '${marker}'\n`, 0o755);
      await repository.git("config", "core.hooksPath", join(repository.directory, "../hooks"));
    },
  ],
  ["an alias", () => repository.git("config", "alias.status", `!${trap}`)],
  ["diff.external", () => repository.git("config", "diff.external", trap)],
  ["a text converter", () => repository.git("config", "diff.evil.textconv", trap)],
];

test.each(traps)("reading does not start %s", async (_name, arm) => {
  await arm();
  await readEverything();
  expect(await wasSprung()).toBe(false);
});

test.each([
  ["core.fsmonitor", () => repository.git("config", "core.fsmonitor", trap)],
  ["a clean filter", () => repository.git("config", "filter.evil.clean", trap)],
] as const)("the trap works: plain git does start %s", async (_name, arm) => {
  await arm();
  await repository.git("status");
  expect(await wasSprung()).toBe(true);
});

/** The other end of a transport: one that read on would wait for git, and git for it, for as long as both live. */
async function makeTransportTrap(): Promise<void> {
  await writeFile(trap, `#!/bin/sh\ntouch '${marker}'\nexit 1\n`, { mode: 0o755 });
}

test("does not fetch a missing object through a command of the repository", async () => {
  await makeTransportTrap();
  const tree = (await repository.git("rev-parse", "HEAD^{tree}")).trim();
  await rm(join(repository.directory, ".git/objects", tree.slice(0, 2), tree.slice(2)), { force: true });
  await repository.git("config", "core.repositoryformatversion", "1");
  await repository.git("config", "extensions.partialClone", "evil");
  await repository.git("config", "remote.evil.promisor", "true");
  await repository.git("config", "remote.evil.url", `ext::${trap}`);
  await repository.git("config", "protocol.ext.allow", "always");
  await expect(readRepository(repository.directory)).rejects.toMatchObject({ code: "GIT_UNREADABLE" });
  expect(await wasSprung()).toBe(false);
  await repository.git("cat-file", "-p", tree).catch(() => "");
  expect(await wasSprung()).toBe(true);
});

test("a command that writes the index starts no hook", async () => {
  await repository.write(".git/hooks/post-index-change", `#!/bin/sh\ntouch '${marker}'\n`, 0o755);
  const place = { kind: "directory", path: repository.directory } as const;
  await runGit({ args: ["update-index", "--refresh"], place });
  expect(await wasSprung()).toBe(false);
  await utimes(join(repository.directory, "a.txt"), 2_000, 2_000);
  await repository.git("update-index", "--refresh");
  expect(await wasSprung()).toBe(true);
});

test("no protocol is open, whatever the repository allows", async () => {
  await makeTransportTrap();
  await repository.git("config", "protocol.ext.allow", "always");
  const place = { kind: "directory", path: repository.directory } as const;
  await expect(runGit({ args: ["ls-remote", `ext::${trap}`], place })).rejects.toMatchObject({
    code: "GIT_FAILED",
    details: { stderr: "fatal: transport 'ext' not allowed" },
  });
  await expect(runGit({ args: ["ls-remote", repository.directory], place })).rejects.toMatchObject({
    details: { stderr: "fatal: transport 'file' not allowed" },
  });
  expect(await wasSprung()).toBe(false);
  await repository.git("ls-remote", `ext::${trap}`).catch(() => "");
  expect(await wasSprung()).toBe(true);
});

test("does not look into a populated submodule", async () => {
  const inner = await createTestRepository({ files: { i: "1\n" } });
  await repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.directory, "sub");
  await repository.commitAll();
  await inner.remove();
  await repository.git("-C", "sub", "config", "core.fsmonitor", trap);
  await repository.write("sub/i", "changed\n");
  await readEverything();
  expect(await wasSprung()).toBe(false);
});
