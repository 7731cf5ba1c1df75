import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readRepository } from "@cto/git-state";
import { createTestDirectory, createTestRepository, type TestRepository } from "@cto/git-state/testing";
import { type Landing, type LandResultOptions, landResult } from "../index.ts";

/** A target repository, and a verified change to it that waits to be landed. */
export interface TestLanding {
  readonly target: TestRepository;
  readonly base: string;
  readonly tree: string;
  readonly patchFile: string;
  /** A temporary directory around everything but the target. */
  readonly folder: string;
  land(changed?: Partial<LandResultOptions>): Promise<Landing>;
  remove(): Promise<void>;
}

export const branch = "cto/run-1";

/** Makes the change in a copy of the target with plain git, so that the patch and tree come from elsewhere. */
export async function createTestLanding(options: {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly objectFormat?: "sha1" | "sha256";
  readonly change: (copy: TestRepository) => Promise<void>;
}): Promise<TestLanding> {
  const { objectFormat = "sha1", files = { "a.txt": "old\n", "sub/b.txt": "same\n" } } = options;
  const [target, elsewhere, folder] = await Promise.all([
    createTestRepository({ files, objectFormat }),
    createTestRepository({ files, objectFormat }),
    createTestDirectory(),
  ]);
  const [base, other] = await Promise.all([target.git("rev-parse", "HEAD"), elsewhere.git("rev-parse", "HEAD")]);
  await options.change(elsewhere);
  await elsewhere.commitAll("Change");
  const tree = (await elsewhere.git("rev-parse", "HEAD^{tree}")).trim();
  const patchFile = join(folder.path, "patch.diff");
  const range = [other.trim(), "HEAD"];
  await elsewhere.git("diff", "--binary", "--full-index", "--no-renames", `--output=${patchFile}`, ...range);
  let count = 0;
  return {
    target,
    base: base.trim(),
    tree,
    patchFile,
    folder: folder.path,
    async land(changed = {}) {
      count += 1;
      return landResult({
        target: changed.target ?? (await readRepository(target.directory)),
        baseCommit: base.trim(),
        patchFile,
        expectedTree: tree,
        branch,
        message: "Change\n\nCto-Run: run-1",
        at: new Date("2026-11-20T06:01:02.345Z"),
        scratch: join(folder.path, `scratch-${count}`),
        ...changed,
      });
    },
    async remove() {
      await Promise.all([target.remove(), elsewhere.remove(), folder.remove()]);
    },
  };
}

/** Writes a file whose name is given in bytes. */
export async function writeRaw(directory: string, name: Uint8Array, content: string): Promise<void> {
  await writeFile(Buffer.concat([Buffer.from(`${directory}/`), name]), content);
}

/** Digest over the whole directory: names, kinds, modes and contents. Names for which `skip` answers true are left out, with what lies below. */
export async function digestDirectory(root: string, skip: (name: string) => boolean = () => false): Promise<string> {
  const hash = createHash("sha256");
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const shown = prefix + name;
      if (skip(shown)) continue;
      const found = await lstat(path);
      hash.update(`${shown}\0${found.mode}\0`);
      if (found.isDirectory()) await walk(path, `${shown}/`);
      else hash.update(found.isSymbolicLink() ? await readlink(path) : await readFile(path));
    }
  };
  await walk(root, "");
  return hash.digest("hex");
}

/** What a landing may add to a repository: objects, and the one branch. */
export function isLandingsOwn(name: string): boolean {
  return /^(?:\.git\/)?(?:objects(?:\/|$)|refs\/heads\/cto(?:\/|$))/.test(name);
}
