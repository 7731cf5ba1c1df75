// @ts-check
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The places that set-up reads and writes, all below one root, so that tests can use another one.
 * @param {string} root absolute path of the repository
 */
export function createLayout(root) {
  const tools = join(root, ".tools");
  return {
    root,
    logs: join(tools, "log"),
    stamps: join(tools, "stamps"),
    lock: join(tools, "setup.lock"),
    pnpmHome: join(tools, "pnpm"),
    pnpm: join(tools, "pnpm", "node_modules", ".bin", "pnpm"),
    node: join(root, "node_modules", "node", "bin", "node"),
    cli: join(root, "apps", "cli", "dist", "cto.js"),
  };
}

/** @typedef {ReturnType<typeof createLayout>} Layout */

/** The layout of this repository. */
export const repository = createLayout(fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, ""));

/**
 * The environment of the project's own programs: its Node and its pnpm come first.
 * @param {Layout} layout
 * @returns {NodeJS.ProcessEnv}
 */
export function projectEnv(layout) {
  const own = [join(layout.root, "node_modules", ".bin"), join(layout.pnpmHome, "node_modules", ".bin")];
  return {
    ...process.env,
    PATH: [...own, process.env.PATH ?? ""].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
}

/**
 * Exact versions and digests of what set-up fetches.
 * @returns {{pnpm: {version: string, integrity: Record<string, string>}, node: {version: string, sha256: Record<string, string>}}}
 */
export function readPins() {
  return JSON.parse(readFileSync(new URL("./pins.json", import.meta.url), "utf8"));
}
