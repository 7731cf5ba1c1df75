// @ts-check
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { outputOf, problemOf } from "./run-command.mjs";

/** @typedef {{name: string, version: string, private?: boolean, bin?: Record<string, string>, exports?: Record<string, unknown>}} Manifest */
/** @typedef {{folder: string, manifest: Manifest, tarball: string}} Packed */

/**
 * Packs every package that is not private as it would be published. They must have been built.
 * @param {string} root @param {string} destination an empty folder
 * @returns {Packed[]}
 */
export function packAll(root, destination) {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return folders.flatMap((folder) => {
    if (!existsSync(join(folder, "package.json"))) return [];
    /** @type {Manifest} */
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (manifest.private) return [];
    const packed = JSON.parse(outputOf("pnpm", ["pack", "--json", "--pack-destination", destination], folder));
    return [{ folder, manifest, tarball: packed.filename }];
  });
}

/**
 * What publint and attw say against a tarball; nothing is forgiven but CommonJS and resolution without `exports`.
 * @param {string} root @param {Packed} packed
 * @returns {Promise<string[]>}
 */
export async function lintTarball(root, { manifest, tarball }) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    strict: true,
  });
  const wrong = messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  if (!hasLibrary(manifest)) return wrong;
  const types = problemOf(
    join(root, "node_modules", ".bin", "attw"),
    ["--profile", "esm-only", "--no-emoji", "--no-color", tarball],
    root,
  );
  return types === undefined ? wrong : [...wrong, types];
}

/** True if the package can be imported; a package with a program only cannot. @param {Manifest} manifest */
export function hasLibrary(manifest) {
  return manifest.exports?.["."] !== undefined;
}
