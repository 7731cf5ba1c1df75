// @ts-check
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectEnv, repository } from "../tools/setup/layout.mjs";

/** The Node that everything here is measured with, on both sides. */
export const node = realpathSync(repository.node);
/** The environment of both sides: the project's Node comes first. */
export const env = projectEnv(repository);

/** The bundled command line program. Throws if it has not been built. */
export function findCli() {
  if (!existsSync(repository.cli))
    throw new Error("apps/cli/dist/cto.js is missing: run `node tools/setup/setup.mjs prepare`");
  return repository.cli;
}

/** @param {string} id */
export function findCase(id) {
  return join(repository.root, "fixtures", "cases", id);
}

/**
 * Gives `work` an empty folder, which is removed afterwards.
 * @template T @param {(folder: string) => T | Promise<T>} work @returns {Promise<T>}
 */
export async function withFolder(work) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "cto-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
