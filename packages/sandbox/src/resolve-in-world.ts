import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";

/** A file tree made of mounts and links, seen from inside. */
interface World {
  readonly links: readonly { readonly at: string; readonly target: string }[];
  /** Later ones lie over earlier ones. */
  readonly mounts: readonly { readonly host: string; readonly inside: string }[];
}

interface ResolveOptions extends World {
  readonly command: string;
  /** Directories inside, in order. */
  readonly path: readonly string[];
  /** What a command with a slash is relative to. */
  readonly directory: string;
}

/** The kernel's own limit. */
const MOST_LINKS = 40;

/**
 * Finds an executable file as the process inside would. Symbolic links are followed in the world inside, so one that leaves it
 * leads nowhere. The answer is the file itself, not the link.
 */
export function resolveInWorld(
  options: ResolveOptions,
): { readonly inside: string; readonly host: string } | undefined {
  const { command, path, directory } = options;
  if (command === "" || command.includes("\0")) return undefined;
  const candidates = command.includes("/")
    ? [posix.resolve(directory, command)]
    : path.map((at) => posix.join(at, command));
  for (const candidate of candidates) {
    const inside = followLinks(candidate, options);
    const host = inside === undefined ? undefined : toHost(inside, options);
    if (inside !== undefined && host !== undefined && isExecutable(host)) return { inside, host };
  }
  return undefined;
}

function followLinks(path: string, world: World): string | undefined {
  let todo = path.split("/").filter((part) => part !== "" && part !== ".");
  let done = "/";
  let links = 0;
  while (todo.length > 0) {
    const [part = "", ...rest] = todo;
    todo = rest;
    if (part === "..") {
      done = posix.dirname(done);
      continue;
    }
    const next = posix.join(done, part);
    const target = readLink(next, world);
    if (target === undefined) {
      done = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) return undefined;
    if (target.startsWith("/")) done = "/";
    todo = [...target.split("/").filter((name) => name !== "" && name !== "."), ...todo];
  }
  return done;
}

function readLink(inside: string, world: World): string | undefined {
  const link = world.links.find(({ at }) => at === inside);
  if (link !== undefined) return link.target;
  // A mount point is what was mounted, with its links resolved by the mount itself.
  if (world.mounts.some((mount) => mount.inside === inside)) return undefined;
  const host = toHost(inside, world);
  return host !== undefined && lookAt(host)?.isSymbolicLink() ? readlinkSync(host) : undefined;
}

function toHost(inside: string, { mounts }: World): string | undefined {
  const mount = mounts.findLast(({ inside: at }) => inside === at || inside.startsWith(`${at}/`));
  return mount === undefined ? undefined : mount.host + inside.slice(mount.inside.length);
}

function isExecutable(host: string): boolean {
  const found = lookAt(host);
  return found?.isFile() === true && (found.mode & 0o111) !== 0;
}

/** Whatever keeps us from looking (no permission, too long, not a directory) keeps the command from being found. */
function lookAt(host: string): Stats | undefined {
  try {
    return lstatSync(host);
  } catch {
    return undefined;
  }
}
