import { findSecrets } from "@cto/errors";
import { fromPathText, toPathText } from "@cto/evidence-interface";
import type { SecretFinding } from "./effect-facts.ts";

/** Reads a patch line by line, so that a large one need not be held in memory. */
export interface PatchScanner {
  /** Takes the next line, without its line feed. */
  addLine(line: string): void;
  /** Everything found so far, in the order of the patch. */
  findings(): readonly SecretFinding[];
  /** Path texts of the files whose change is binary, deleted ones too: what they hold has to be looked at with `scanBytesForSecrets`. */
  binaryPaths(): readonly string[];
}

/**
 * Looks for secret-shaped text in what a patch adds: added lines and names of files. Takes git's unified format with `a/` and `b/`
 * prefixes. Context and removed lines were there before; binary hunks are not unpacked.
 */
export function createPatchScanner(): PatchScanner {
  const found: SecretFinding[] = [];
  const binary: string[] = [];
  let path = "";
  let line = 0;
  // Lines of the hunk that are still to come, old and new. Only outside of a hunk is `+++ ` a header: an added line may read like one.
  let oldLeft = 0;
  let newLeft = 0;

  const look = (text: string, at: number): void => {
    for (const { kind } of findSecrets(text)) found.push({ path, line: at, kind });
  };
  const addHeader = (text: string): void => {
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
    if (hunk !== null) {
      oldLeft = Number(hunk[1] ?? "1");
      line = Number(hunk[2] ?? "1");
      newLeft = Number(hunk[3] ?? "1");
    } else if (text.startsWith("diff --git ")) {
      path = nameInDiffLine(text.slice("diff --git ".length));
      look(path, 0);
    } else if (text.startsWith("+++ ") && text !== "+++ /dev/null") {
      path = toName(text.slice("+++ ".length).replace(/\t$/, ""));
    } else if (text === "GIT binary patch" || (text.startsWith("Binary files ") && text.endsWith(" differ"))) {
      binary.push(path);
    }
  };
  return {
    addLine(text) {
      if (oldLeft <= 0 && newLeft <= 0) return addHeader(text);
      const sign = text.charAt(0);
      if (sign === "\\") return;
      if (sign === "+") look(text.slice(1), line);
      if (sign !== "-") newLeft -= 1;
      if (sign !== "+") oldLeft -= 1;
      if (sign !== "-") line += 1;
    },
    findings: () => found,
    binaryPaths: () => binary,
  };
}

/** `createPatchScanner` over a whole patch: a text, or its lines without line feeds. */
export function scanPatchForSecrets(patch: string | Iterable<string>): readonly SecretFinding[] {
  const scanner = createPatchScanner();
  for (const line of typeof patch === "string" ? patch.split("\n") : patch) scanner.addLine(line);
  return scanner.findings();
}

/** Both names of a `diff --git` line are the same without renames, so the second half is the name, quoted or not. */
function nameInDiffLine(names: string): string {
  return toName(names.slice(Math.floor(names.length / 2) + 1));
}

/** A name as git prints it, `b/` taken off, as path text. */
function toName(printed: string): string {
  const text = printed.startsWith('"b/') ? `"${printed.slice(3)}` : printed.replace(/^b\//, "");
  const bytes = fromPathText(text);
  return bytes === undefined ? text : toPathText(bytes);
}
