import { systemCode } from "@cto/errors";
import { toPathText } from "@cto/evidence-interface";
import { readGitFile } from "./read-git-file.ts";

const maxBytes = 16 * 1024 * 1024;

/**
 * The refs in `.git/packed-refs` of a work tree with their object ids; names as path text. No such file is an empty map. Undefined if that
 * cannot be told: a link on the way, a special file, one of more than 16 MiB, a line that git would not write, a ref that stands twice.
 * Never throws for what stands there. Source: git-pack-refs(1), and the format that git 2.39 writes.
 */
export async function readPackedRefs(workspaceDirectory: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return parsePackedRefs(await readGitFile(workspaceDirectory, "packed-refs", maxBytes));
  } catch (thrown) {
    return systemCode(thrown) === "ENOENT" ? new Map() : undefined;
  }
}

function parsePackedRefs(text: string): ReadonlyMap<string, string> | undefined {
  const refs = new Map<string, string>();
  if (text !== "" && !text.endsWith("\n")) return undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("#") || /^\^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(line)) continue;
    const [, id, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) (refs\/[^\u0000-\u0020\u007f]+)$/.exec(line) ?? [];
    if (id === undefined || name === undefined) return undefined;
    const ref = toPathText(Buffer.from(name, "latin1"));
    if (refs.has(ref)) return undefined;
    refs.set(ref, id);
  }
  return refs;
}
