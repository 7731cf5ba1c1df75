import { CtoError } from "@cto/errors";
import { readRepository, readSourceDigests } from "@cto/git-state";
import type { RunContext } from "./run-context.ts";

/** How the source is now, against what it was at the start. `moved`: its HEAD is another commit, which only its owner can have done. */
export type SourceLook = "same" | "changed" | "moved" | "unreadable";

/** Takes the source's digests once more and notes them in the draft. A run without a repository has nothing that could change. */
export async function lookAtSource({ draft, record, repository, stage }: RunContext): Promise<SourceLook> {
  if (repository === null || draft.sourceBefore === null) return "same";
  try {
    const after = await record.timed("source.digests", () => readSourceDigests(repository));
    draft.sourceAfter = after;
    if (JSON.stringify(after) === JSON.stringify(draft.sourceBefore)) return "same";
    // Only where the change is for the target itself does it matter to tell its owner's work from damage.
    if (stage !== 5) return "changed";
    return (await readRepository(repository.topLevel)).commit === repository.commit ? "changed" : "moved";
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    draft.sourceAfter = null;
    return "unreadable";
  }
}
