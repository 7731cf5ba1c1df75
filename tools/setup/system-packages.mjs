// @ts-check
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { runLogged, SetupError } from "./steps.mjs";

/**
 * What the project needs from the system, by the command that shows whether it is there.
 * @type {readonly {readonly command: string, readonly debian: string, readonly without: string}[]}
 */
export const systemPackages = [
  { command: "git", debian: "git", without: "nothing works: every run is compared through git" },
  {
    command: "bwrap",
    debian: "bubblewrap",
    without: "there is no sandbox: runs need --isolation none, and its tests fail",
  },
  { command: "perl", debian: "perl-base", without: "there is no sandbox: its first process is written in Perl" },
  { command: "socat", debian: "socat", without: "engines in the sandbox cannot reach the model gateway" },
  { command: "python3", debian: "python3", without: "the built-in case in Python cannot be verified" },
];

/** How other systems spell it; the first one that is found is printed. */
const otherInstallers = [
  ["dnf", "dnf install"],
  ["pacman", "pacman -S"],
  ["zypper", "zypper install"],
  ["apk", "apk add"],
];

/**
 * The absolute path of a command on PATH, or undefined.
 * @param {string} command
 */
export function findCommand(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== "")) {
    const path = join(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}

/**
 * Installs missing system packages where that is possible without asking (root on Debian or Ubuntu), after saying so.
 * Elsewhere it says the one command to run and what is left out. Never throws because something is missing.
 * @param {import("./layout.mjs").Layout} layout
 * @param {(line: string) => void} say
 */
export async function installSystemPackages(layout, say) {
  const wanted = findMissing();
  if (wanted.length === 0) return "all there";
  if (findCommand("apt-get") !== undefined && process.getuid?.() === 0)
    await installWithApt(
      layout,
      say,
      wanted.map(({ debian }) => debian),
    );
  const missing = findMissing();
  if (missing.length === 0) return `installed ${wanted.map(({ debian }) => debian).join(", ")}`;
  const names = missing.map(({ debian }) => debian);
  say(`to install what is missing: ${installCommand(names)}`);
  for (const { debian, without } of missing) say(`without ${debian}, ${without}`);
  return `missing: ${names.join(", ")}`;
}

function findMissing() {
  return systemPackages.filter(({ command }) => findCommand(command) === undefined);
}

/** @param {import("./layout.mjs").Layout} layout @param {(line: string) => void} say @param {readonly string[]} names */
async function installWithApt(layout, say, names) {
  say(`installing with apt-get, as root: ${names.join(", ")}`);
  const shared = {
    cwd: layout.root,
    logs: layout.logs,
    advice: "",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  try {
    await runLogged({ ...shared, name: "apt-update", argv: ["apt-get", "update"] });
    await runLogged({
      ...shared,
      name: "apt-install",
      argv: ["apt-get", "install", "-y", "--no-install-recommends", ...names],
    });
  } catch (thrown) {
    if (!(thrown instanceof SetupError)) throw thrown;
    say(thrown.message);
  }
}

/** @param {readonly string[]} names */
function installCommand(names) {
  if (process.platform !== "linux") return "none (these are for Linux; use a Linux machine or a virtual one)";
  const found = otherInstallers.find(([command]) => command !== undefined && findCommand(command) !== undefined);
  return `sudo ${found?.[1] ?? "apt-get install -y --no-install-recommends"} ${names.join(" ")}`;
}

/** True if bubblewrap really starts a process here: it may be installed and still be forbidden by the kernel's settings. */
export function canSandbox() {
  const bwrap = findCommand("bwrap");
  if (bwrap === undefined || findCommand("perl") === undefined) return false;
  try {
    execFileSync(bwrap, ["--unshare-all", "--ro-bind", "/", "/", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
