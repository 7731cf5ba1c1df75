import { fromPathText, toPathText } from "@cto/evidence-interface";

/** One file's part of a patch. `lines` are the raw lines after the `diff --git` line. */
export interface PatchFile {
  readonly path: string;
  readonly binary: boolean;
  readonly added: number;
  readonly removed: number;
  /** Git mode after the change where the patch states one (`100755`, `120000`, `160000`), else null. */
  readonly newMode: string | null;
  readonly lines: readonly string[];
}

interface OpenFile {
  path: string;
  binary: boolean;
  added: number;
  removed: number;
  newMode: string | null;
  readonly lines: string[];
  inHunk: boolean;
}

/** Cuts the text of `patch.diff` (git's format with `a/` and `b/` prefixes) into files, for showing and counting only: nothing is decided by it. */
export function toPatchOutline(patch: string): readonly PatchFile[] {
  const files: OpenFile[] = [];
  const lines = patch.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    if (line.startsWith("diff --git ")) {
      files.push({
        path: pathOfHeader(line),
        binary: false,
        added: 0,
        removed: 0,
        newMode: null,
        lines: [],
        inHunk: false,
      });
      continue;
    }
    const file = files.at(-1);
    if (file === undefined) continue;
    file.lines.push(line);
    if (line.startsWith("@@ ")) file.inHunk = true;
    else if (file.inHunk) countLine(file, line);
    else readHeader(file, line);
  }
  return files.map(({ inHunk: _, ...file }) => file);
}

function countLine(file: OpenFile, line: string): void {
  if (line.startsWith("+")) file.added += 1;
  else if (line.startsWith("-")) file.removed += 1;
}

function readHeader(file: OpenFile, line: string): void {
  const mode = /^(?:new file mode|new mode) (\d{6})$/.exec(line);
  if (mode?.[1] !== undefined) file.newMode = mode[1];
  if (line.startsWith("Binary files ") || line === "GIT binary patch") file.binary = true;
  if (line.startsWith("--- ") || line.startsWith("+++ ")) file.path = withoutPrefix(line.slice(4)) ?? file.path;
}

/** `a/x b/x`: only names that are equal on both sides need it; a rename or a content change states its names again below. */
function pathOfHeader(line: string): string {
  const both = line.slice("diff --git ".length);
  const half = both.slice(Math.floor(both.length / 2) + 1);
  return withoutPrefix(half) ?? both;
}

function withoutPrefix(side: string): string | undefined {
  const bytes = fromPathText(side.replace(/\t$/, ""));
  if (bytes === undefined || bytes[1] !== 0x2f || (bytes[0] !== 0x61 && bytes[0] !== 0x62)) return undefined;
  return toPathText(bytes.subarray(2));
}
