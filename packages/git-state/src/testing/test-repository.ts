import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runProcess } from "@cto/exec";

/** A temporary directory. */
export interface TestDirectory {
  /** Absolute, symbolic links resolved. */
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes an empty temporary directory; the caller removes it. */
export async function createTestDirectory(): Promise<TestDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "cto-test-")));
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export interface TestRepositoryOptions {
  /** Files of a first commit. Without them the repository has no commit. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly objectFormat?: "sha1" | "sha256";
  /** Where to make it; a new temporary directory unless told. Made if it is not there. */
  readonly directory?: string;
}

/** A real git repository with an identity and an empty HOME of its own, on branch `main`. */
export interface TestRepository {
  readonly directory: string;
  /** Runs plain git, without this package's hardening, in the repository; returns standard output. Throws an Error on any exit but 0. */
  git(...args: readonly string[]): Promise<string>;
  /** Writes a file and the folders above it. */
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Adds everything and commits; returns the commit id. */
  commitAll(message?: string): Promise<string>;
  /** Removes the repository and its HOME. */
  remove(): Promise<void>;
}

/** Makes a real repository in a temporary directory, isolated from the machine's git configuration. The caller removes it. */
export async function createTestRepository(options: TestRepositoryOptions = {}): Promise<TestRepository> {
  const root = await createTestDirectory();
  const directory = options.directory ?? join(root.path, "repository");
  const home = join(root.path, "home");
  await mkdir(directory, { recursive: true });
  await mkdir(home);
  const git = (...args: readonly string[]): Promise<string> => runPlainGit(directory, home, args);
  const repository: TestRepository = {
    directory,
    git,
    async write(path, content, mode) {
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      if (mode !== undefined) await chmod(file, mode);
    },
    async commitAll(message = "A commit") {
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", message);
      return (await git("rev-parse", "HEAD")).trim();
    },
    async remove() {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      await root.remove();
    },
  };
  await git("init", "-q", "-b", "main", `--object-format=${options.objectFormat ?? "sha1"}`);
  if (options.files !== undefined) {
    for (const [path, content] of Object.entries(options.files)) await repository.write(path, content);
    await repository.commitAll("First");
  }
  return repository;
}

async function runPlainGit(cwd: string, home: string, args: readonly string[]): Promise<string> {
  const { outcome, stdout, stderr } = await runProcess({
    argv: ["git", ...args],
    cwd,
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
      HOME: home,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Test",
      GIT_AUTHOR_EMAIL: "test@cto.invalid",
      GIT_COMMITTER_NAME: "Test",
      GIT_COMMITTER_EMAIL: "test@cto.invalid",
    },
    timeoutMs: 60_000,
    graceMs: 1_000,
  });
  if (outcome.kind === "exited" && outcome.code === 0) return new TextDecoder().decode(stdout);
  throw new Error(`git ${args.join(" ")}: ${JSON.stringify(outcome)}: ${new TextDecoder().decode(stderr)}`);
}
