import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What of the host's system is shown inside. */
export interface HostLayout {
  /** Links of the root, as the host has them: `/bin` -> `usr/bin`. */
  readonly links: readonly { readonly at: string; readonly target: string }[];
  /** Directories and files that are shown read-only at their own place. */
  readonly shown: readonly string[];
}

const ROOT_NAMES = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];

/** Parts of `/etc` that hold no identity of the machine and without which tools fail; each is shown if it is there. */
const ETC_NAMES = [
  "alternatives",
  "ca-certificates",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "pki/ca-trust/extracted",
  "pki/tls/certs",
  "ssl/certs",
  "ssl/openssl.cnf",
];

/** Looks once at the host's root. Synchronous: a handful of stats. */
export function readHostLayout(): HostLayout {
  const links: { at: string; target: string }[] = [];
  const shown = ["/usr"];
  for (const name of ROOT_NAMES) {
    const at = `/${name}`;
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) links.push({ at, target: readlinkSync(at) });
    else if (found?.isDirectory()) shown.push(at);
  }
  // Debian's JDK keeps its security settings there and does not start without them.
  const java = readdirSync("/etc").filter((name) => /^java-[a-z0-9-]+$/.test(name));
  for (const name of [...ETC_NAMES, ...java]) if (existsSync(join("/etc", name))) shown.push(join("/etc", name));
  return { links, shown };
}
