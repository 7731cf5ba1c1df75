// @ts-check
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { hasLibrary } from "./pack.mjs";
import { foreignImports, readExample } from "./readme-example.mjs";
import { outputOf, problemOf } from "./run-command.mjs";

/** @typedef {import("./pack.mjs").Packed} Packed */

/**
 * A project of somebody else: an empty folder in which all tarballs are installed with npm.
 * @param {string} project @param {readonly Packed[]} packages
 */
export function installTarballs(project, packages) {
  mkdirSync(join(project, "examples"), { recursive: true });
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(packages.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`])),
    // The packages ask for each other by version; none of them need be published for this.
    overrides: Object.fromEntries(packages.map(({ manifest }) => [manifest.name, `$${manifest.name}`])),
  };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest, null, 2));
  outputOf("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], project);
}

/**
 * What is wrong when the package is used: each of its libraries imported, its programs asked for their version.
 * @param {string} project @param {Packed} packed
 * @returns {string[]}
 */
export function usePackage(project, { manifest }) {
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([entry, target]) =>
    isLibrary(target) ? [entry] : [],
  );
  const imported = entries.map((entry) => {
    const specifier = JSON.stringify(`${manifest.name}${entry.slice(1)}`);
    const script = `if (Object.keys(await import(${specifier})).length === 0) throw new Error(${specifier} + " exports nothing");`;
    return problemOf(process.execPath, ["--stack-trace-limit=0", "--input-type=module", "-e", script], project);
  });
  const started = Object.keys(manifest.bin ?? {}).map((name) =>
    problemOf(join(project, "node_modules", ".bin", name), ["--version"], project),
  );
  return [...imported, ...started].filter((problem) => problem !== undefined);
}

/** True for code to import: neither a document nor a program that others locate and start. @param {unknown} target in `exports` */
function isLibrary(target) {
  if (typeof target !== "object" || target === null || !("types" in target)) return false;
  return !("@cto/source" in target && String(target["@cto/source"]).startsWith("./src/bin/"));
}

/**
 * What is wrong with the example of the package's README: it must be there, need nothing else, compile and end with exit 0.
 * @param {string} root of the repository, for its compiler
 * @param {string} project @param {Packed} packed
 * @returns {string[]}
 */
export function runExample(root, project, { folder, manifest }) {
  if (!hasLibrary(manifest)) return [];
  const readme = join(folder, "README.md");
  const example = existsSync(readme) ? readExample(readFileSync(readme, "utf8")) : undefined;
  if (example === undefined) return ["README.md has no ts example"];
  const foreign = foreignImports(example, manifest.name);
  if (foreign.length > 0) return [`the example of README.md imports ${foreign.join(", ")}`];
  const file = join(project, "examples", `${basename(folder)}.ts`);
  writeFileSync(file, example);
  const compiled = problemOf(
    join(root, "node_modules", ".bin", "tsc"),
    [...compilerFlags, "--typeRoots", join(root, "node_modules", "@types"), file],
    project,
  );
  const ran = problemOf(process.execPath, [file], join(project, "examples"));
  return [compiled, ran]
    .filter((problem) => problem !== undefined)
    .map((problem) => `the example of README.md: ${problem}`);
}

const compilerFlags = (
  "--ignoreConfig --noEmit --strict --skipLibCheck --target es2023 --module nodenext --types node " +
  "--verbatimModuleSyntax --erasableSyntaxOnly --noUncheckedIndexedAccess --exactOptionalPropertyTypes"
).split(" ");

/**
 * What keeps a package from running in a browser: any import of a module of Node, for instance.
 * @param {string} root @param {string} project @param {Packed} packed
 * @returns {Promise<string[]>}
 */
export async function bundleForBrowser(root, project, { manifest }) {
  // The esbuild that tsup builds with: one version fewer to pin.
  const fromTsup = createRequire(createRequire(join(root, "package.json")).resolve("tsup"));
  const esbuild = fromTsup("esbuild");
  try {
    await esbuild.build({
      stdin: { contents: `export * from ${JSON.stringify(manifest.name)};`, resolveDir: project },
      bundle: true,
      platform: "browser",
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    return [];
  } catch (thrown) {
    return [`does not bundle for a browser: ${thrown instanceof Error ? thrown.message : thrown}`];
  }
}
