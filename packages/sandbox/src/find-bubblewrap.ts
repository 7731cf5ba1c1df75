import { existsSync, readFileSync } from "node:fs";
import { runProcess } from "@cto/exec";

type Unavailable = { readonly kind: "unavailable"; readonly message: string; readonly hint: string };

/** Where `bwrap` and `perl` are, or what is missing and how to get it. */
export type FoundBubblewrap = { readonly kind: "found"; readonly bwrap: string; readonly perl: string } | Unavailable;

const BWRAP_PLACES = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/** Looks for the two programs. Whether the kernel lets them work is another question. */
export function findBubblewrap(options: { readonly bwrap?: string; readonly perl?: string }): FoundBubblewrap {
  const bwrap = (options.bwrap === undefined ? BWRAP_PLACES : [options.bwrap]).find((path) => existsSync(path));
  if (bwrap === undefined) {
    return unavailable("bubblewrap (`bwrap`) is not installed", "Install it as root: apt-get install bubblewrap");
  }
  const perl = options.perl ?? "/usr/bin/perl";
  if (!perl.startsWith("/usr/") || !existsSync(perl)) {
    return unavailable(
      `${perl} is needed as the first process inside and is not there`,
      "Install it as root: apt-get install perl-base",
    );
  }
  return { kind: "found", bwrap, perl };
}

/** The version of a `bwrap` that did not build the walls; `disableUserNamespaces`: 0.8 and later can forbid user namespaces inside. */
export async function readBubblewrapVersion(
  bwrap: string,
): Promise<
  { readonly kind: "known"; readonly version: string; readonly disableUserNamespaces: boolean } | Unavailable
> {
  const { outcome, stdout } = await runProcess({
    argv: [bwrap, "--version"],
    cwd: "/",
    env: {},
    timeoutMs: 5_000,
    graceMs: 500,
    maxOutputBytes: 200,
  });
  const version = /^bubblewrap (\d+)\.(\d+)/.exec(Buffer.from(stdout).toString());
  if (outcome.kind !== "exited" || outcome.code !== 0 || version === null) {
    return unavailable(
      `${bwrap} does not tell its version`,
      "Install it again as root: apt-get install --reinstall bubblewrap",
    );
  }
  const [text, major, minor] = version;
  const isAtLeast = (lowest: number): boolean => Number(major) > 0 || Number(minor) >= lowest;
  if (!isAtLeast(5)) return unavailable(`${text} is too old`, "Install bubblewrap 0.5 or later.");
  return { kind: "known", version: text.replace("bubblewrap ", ""), disableUserNamespaces: isAtLeast(8) };
}

/** What a person can do where `bwrap` is there and the kernel does not let it build the walls. */
export function toRefusalHint(): string {
  if (readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return "AppArmor forbids user namespaces here (Ubuntu 23.10 and later). As root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or add an AppArmor profile for bwrap.";
  }
  if (readSetting("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return "User namespaces are switched off here. As root: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (readSetting("/proc/sys/user/max_user_namespaces") === "0") {
    return "User namespaces are switched off here. As root: sysctl -w user.max_user_namespaces=15000";
  }
  return "The machine must allow user namespaces; inside another container this usually has to be granted from outside.";
}

function readSetting(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

function unavailable(message: string, hint: string): Unavailable {
  return { kind: "unavailable", message, hint };
}
