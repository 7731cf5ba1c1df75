import type { Repository } from "./read-repository.ts";
import { runGit } from "./run-git.ts";

/**
 * Ids of the commits without parents that the repository's commit descends from, sorted: what a repository and all its clones have in common. Of a shallow
 * clone they are the commits at which its history was cut. Throws what `runGit` throws.
 */
export async function readRootCommits(repository: Repository): Promise<readonly string[]> {
  const { stdout } = await runGit({
    args: ["rev-list", "--max-parents=0", "--end-of-options", repository.commit],
    place: { kind: "directory", path: repository.topLevel },
  });
  return new TextDecoder()
    .decode(stdout)
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}
