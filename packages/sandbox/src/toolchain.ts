import { access, constants, open, readdir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { CtoError, messageOf } from "@cto/errors";
import type { SandboxErrorCode, Toolchain } from "./sandbox.ts";

export interface ToolchainOptions {
  /** Lower-case letters, digits, `.`, `_`, `+`, `-`; it names the directory inside. */
  readonly name: string;
  /** Absolute path on the host of an executable file; links are followed. */
  readonly executable: string;
  /** The home directory, which is never shown as a whole. The user's own unless told. */
  readonly home?: string;
}

/**
 * The tool chain that an executable belongs to: the directory above its `bin/` (a version's folder), or the file alone where showing
 * more would show too much. Undefined if it stands below `/usr`, which is visible anyway.
 * Throws `SANDBOX_TOOLCHAIN_INVALID` if the name is not one or there is no such executable file.
 */
export async function createToolchain({
  name,
  executable,
  home = homedir(),
}: ToolchainOptions): Promise<Toolchain | undefined> {
  if (!/^[a-z0-9][a-z0-9._+-]*$/.test(name)) throw invalid(name, "is not a name for a tool chain");
  const [file, directory, realHome] = await Promise.all([
    toExecutable(name, executable),
    realpath(dirname(executable)),
    realpath(home).catch(() => home),
  ]);
  if (isBelow(file, "/usr")) return undefined;
  // The link's own directory first: `bin/npm` is a link into `lib/`, and the version's folder is above `bin`.
  for (const bin of [directory, dirname(file)]) {
    const root = dirname(bin);
    if (basename(bin) === "bin" && isBelow(file, root) && (await isVersionFolder(root, realHome))) {
      const inside = `/opt/cto/${name}`;
      const libraries = (await looksForLibrariesIn(file, join(root, "lib"))) ? [`${inside}/lib`] : [];
      return { name, root, inside, path: [`${inside}/bin`], libraries };
    }
  }
  return {
    name,
    root: file,
    inside: `/opt/cto/${name}/${basename(executable)}`,
    path: [`/opt/cto/${name}`],
    libraries: [],
  };
}

async function toExecutable(name: string, executable: string): Promise<string> {
  try {
    const file = await realpath(executable);
    await access(file, constants.X_OK);
    if ((await stat(file)).isFile()) return file;
  } catch (thrown) {
    throw invalid(name, `has no executable: ${messageOf(thrown)}`, thrown);
  }
  throw invalid(name, "has no executable: not a regular file");
}

/** Never the root, a top-level directory, HOME or what is above it; directly below HOME only what conda put there. */
async function isVersionFolder(root: string, home: string): Promise<boolean> {
  if (dirname(root) === sep || root === sep) return false;
  if (root === home || isBelow(home, root)) return false;
  if (dirname(root) !== home) return true;
  return stat(join(root, "conda-meta")).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Enough of an executable to hold the table of names in which the linker leaves a run path. */
const HEAD_BYTES = 1024 * 1024;

/**
 * True if the executable was linked with this directory as an absolute run path (pyenv's Python is): inside it stands elsewhere, and the
 * linker would silently take the system's library of the same name.
 */
async function looksForLibrariesIn(file: string, directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  if (!names.some((name) => /\.so(\.|$)/.test(name))) return false;
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead).includes(directory);
  } finally {
    await handle.close();
  }
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === sep ? sep : directory + sep);
}

function invalid(name: string, what: string, cause?: unknown): CtoError<SandboxErrorCode> {
  return new CtoError("SANDBOX_TOOLCHAIN_INVALID", `tool chain ${JSON.stringify(name)} ${what}`, {
    hint: "Name an executable file of the tool chain by its absolute path, and the tool chain in lower case.",
    details: { name },
    cause,
  });
}
