import { type Repository, readRootCommits } from "@cto/git-state";
import { sha256 } from "../run/run-record.ts";

/** What identifies a repository and all its clones: the SHA-256 of "cto.target.v1" and the sorted root commits, one a line. Throws what `runGit` throws. */
export async function readTargetId(repository: Repository): Promise<string> {
  const roots = await readRootCommits(repository);
  return sha256(`cto.target.v1\n${roots.map((id) => `${id}\n`).join("")}`);
}
