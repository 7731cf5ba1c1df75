// @ts-check
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGitState } from "../packages/git-state/src/index.ts";
import { compare, timeCommand } from "./measure.mjs";
import { withFolder } from "./place.mjs";

const files = 50_000;
const perFolder = 100;

/** The lossy git state, read in process, against one `git status` of the same repository of 50,000 files. */
export function benchGitState() {
  return withFolder((folder) => {
    makeRepository(folder);
    return compare({
      name: `readGitState, ${files} files`,
      subject: async () => {
        const began = performance.now();
        const { clean } = await readGitState(folder);
        if (clean) throw new Error("the repository has changes, and they were not seen");
        return performance.now() - began;
      },
      baselineName: "git status --porcelain=v2",
      baseline: () => timeCommand(["git", "-C", folder, "status", "--porcelain=v2"]),
      rounds: 15,
      bar: 1.2,
    });
  });
}

/** @param {string} folder */
function makeRepository(folder) {
  const git = (/** @type {string[]} */ ...args) => execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
  git("init");
  for (let index = 0; index < files; index += 1) {
    const parent = join(
      folder,
      `area-${Math.floor(index / perFolder / 25)}`,
      `folder-${Math.floor(index / perFolder)}`,
    );
    if (index % perFolder === 0) mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `file-${index}.txt`), `content of file ${index}\n`);
  }
  git("add", "-A");
  git("-c", "user.name=bench", "-c", "user.email=bench@cto.invalid", "commit", "-qm", "baseline");
  writeFileSync(join(folder, "untracked.txt"), "new\n");
  writeFileSync(join(folder, "area-0", "folder-0", "file-0.txt"), "changed\n");
}
