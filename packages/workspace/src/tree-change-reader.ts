import { toPathText } from "@cto/evidence-interface";
import { createRecordSplitter } from "@cto/git-state";
import type { ChangeKind, TreeChange } from "./workspace-contract.ts";

/** Reads the output of `git diff-index --raw -z --no-renames`. Source: git-diff-index(1), "Raw output format". */
export function createTreeChangeReader(): { push(chunk: Uint8Array): void; end(): readonly TreeChange[] } {
  const changes: TreeChange[] = [];
  let facts: readonly string[] | undefined;
  const splitter = createRecordSplitter((record) => {
    if (facts === undefined) {
      facts = Buffer.from(record).toString("latin1").slice(1).split(" ");
      return;
    }
    const [oldMode = "", newMode = "", oldId = "", newId = "", status = ""] = facts;
    facts = undefined;
    changes.push({
      path: toPathText(record),
      change: toChangeKind(status, oldId === newId),
      oldMode,
      newMode,
      submodule: oldMode === "160000" || newMode === "160000",
    });
  });
  return {
    push: (chunk) => splitter.push(chunk),
    end() {
      splitter.end();
      return changes;
    },
  };
}

function toChangeKind(status: string, sameContent: boolean): ChangeKind {
  if (status === "A") return "added";
  if (status === "D") return "deleted";
  if (status === "T") return "type-changed";
  return sameContent ? "mode-changed" : "modified";
}
