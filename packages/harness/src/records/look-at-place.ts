import { lstatSync } from "node:fs";
import { join } from "node:path";
import { readPlainFile } from "@cto/bundle-store";
import { messageOf, oneLine, systemCode } from "@cto/errors";

/** What stands at a place below the home: nothing, something that nobody may rely on, or what was looked for. */
export type Look<Found> =
  | { readonly kind: "absent" }
  | { readonly kind: "problem"; readonly file: string; readonly message: string }
  | { readonly kind: "found"; readonly value: Found };

/** A folder below `home`, given as its names. No name on the way may be a link, which could lead to what somebody else writes. Never throws. */
export function lookAtFolder(home: string, names: readonly string[]): Look<string> {
  let path = home;
  for (const [index, name] of names.entries()) {
    path = join(path, name);
    const file = names.slice(0, index + 1).join("/");
    try {
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return { kind: "problem", file, message: "is a symbolic link, expected a folder" };
      if (!stat.isDirectory()) return { kind: "problem", file, message: "is no folder" };
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return { kind: "absent" };
      return { kind: "problem", file, message: unreadable(cause) };
    }
  }
  return { kind: "found", value: path };
}

/** The bytes of a plain file of at most `max` bytes; `file` is the name to show. A link, pipe, folder or device is a problem. Never throws. */
export function lookAtFile(path: string, file: string, max: number): Look<Uint8Array> {
  try {
    const look = readPlainFile(path, max);
    if (look.kind === "absent") return look;
    if (look.kind === "file") return { kind: "found", value: look.bytes };
    return { kind: "problem", file, message: `is ${look.what}, expected a plain file` };
  } catch (cause) {
    return { kind: "problem", file, message: unreadable(cause) };
  }
}

export function unreadable(cause: unknown): string {
  return `cannot be read (${systemCode(cause) ?? oneLine(messageOf(cause), 80)})`;
}
