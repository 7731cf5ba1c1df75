import { stat } from "node:fs/promises";
import { messageOf, systemCode } from "@cto/errors";
import { createGitError } from "./git-error.ts";

/** Throws `GIT_DIRECTORY_MISSING`, `GIT_NOT_A_DIRECTORY` or `GIT_UNREADABLE` unless `path` is a directory; links are followed. */
export async function requireDirectory(path: string): Promise<void> {
  const found = await stat(path).catch((thrown: unknown) => {
    const code = systemCode(thrown);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") {
      throw createGitError("GIT_DIRECTORY_MISSING", `${path} does not exist`, {
        hint: "Check the path for a typing error.",
        cause: thrown,
      });
    }
    throw createGitError("GIT_UNREADABLE", `cannot look at ${path}: ${messageOf(thrown)}`, {
      hint: "Check the permissions of the path and of the folders above it.",
      cause: thrown,
    });
  });
  if (!found.isDirectory()) {
    throw createGitError("GIT_NOT_A_DIRECTORY", `${path} is a file, not a directory`, {
      hint: "Name the directory of the repository.",
    });
  }
}
