import { access, constants, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { Toolchain } from "./sandbox.ts";
import { createToolchain } from "./toolchain.ts";

/**
 * The tool chains that these commands need inside, found on the host's PATH and through the shims of version managers (pyenv and its
 * kin, asdf, mise, volta, rustup). A command that is not there, or stands below `/usr`, needs none. One root appears once.
 * Whoever runs with them should record them: they are a guess about the host.
 */
export async function proposeToolchains(
  commands: readonly string[],
  env: { readonly PATH: string; readonly HOME: string },
): Promise<Toolchain[]> {
  const proposed = new Map<string, Toolchain>();
  for (const command of new Set(commands)) {
    if (command.includes("/")) continue;
    const executable = await findExecutable(command, env.PATH);
    if (executable === undefined) continue;
    const behind = await findBehindShim(executable, env.HOME);
    const toolchain = await createToolchain({
      name: toName(command),
      executable: behind ?? executable,
      home: env.HOME,
    });
    if (toolchain !== undefined && !proposed.has(toolchain.root)) proposed.set(toolchain.root, toolchain);
  }
  return [...proposed.values()];
}

async function findExecutable(command: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(":")) {
    const candidate = join(directory, command);
    if (isAbsolute(directory) && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

/** Where each version manager keeps its shims, and the versions behind them; `*` stands for any name. */
const MANAGERS: readonly { readonly shims: string; readonly versions: readonly string[] }[] = [
  { shims: "shims", versions: ["versions/*", "installs/*/*"] },
  { shims: ".volta/bin", versions: ["tools/image/*/*"] },
];

/** The executable that a shim would start, or undefined if this is no shim. */
async function findBehindShim(executable: string, home: string): Promise<string | undefined> {
  const directory = dirname(executable);
  const command = basename(executable);
  if (directory.endsWith("/.cargo/bin")) return findRustup(join(home, ".rustup"), command);
  const manager = MANAGERS.find(({ shims }) => directory.endsWith(`/${shims}`));
  if (manager === undefined) return undefined;
  const root = dirname(directory);
  const folders = (await Promise.all(manager.versions.map((pattern) => expand(root, pattern.split("/"))))).flat();
  const having: string[] = [];
  for (const folder of folders) if (await isExecutable(join(folder, "bin", command))) having.push(folder);
  const chosen = (await readText(join(root, "version")))?.split(/\s+/)[0];
  const best = having.find((folder) => basename(folder) === chosen) ?? having.sort(byVersion).at(-1);
  return best === undefined ? undefined : join(best, "bin", command);
}

async function findRustup(root: string, command: string): Promise<string | undefined> {
  const chosen = /^default_toolchain\s*=\s*"([^"]+)"/m.exec((await readText(join(root, "settings.toml"))) ?? "")?.[1];
  const folders = await expand(root, ["toolchains", "*"]);
  const folder = folders.find((path) => basename(path) === chosen) ?? folders.sort(byVersion).at(-1);
  const executable = folder === undefined ? undefined : join(folder, "bin", command);
  return executable !== undefined && (await isExecutable(executable)) ? executable : undefined;
}

async function expand(root: string, pattern: readonly string[]): Promise<string[]> {
  const [part, ...rest] = pattern;
  if (part === undefined) return [root];
  if (part !== "*") return expand(join(root, part), rest);
  const names = await readdir(root).catch(() => []);
  return (await Promise.all(names.map((name) => expand(join(root, name), rest)))).flat();
}

function byVersion(a: string, b: string): number {
  return basename(a).localeCompare(basename(b), "en", { numeric: true });
}

/** A command's name as the name of a directory: `Rscript` becomes `rscript`. */
function toName(command: string): string {
  return command
    .toLowerCase()
    .replace(/[^a-z0-9._+-]/g, "-")
    .replace(/^[^a-z0-9]/, "x");
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
