// @ts-check
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectEnv, readPins } from "./layout.mjs";
import { digestOf, isStamped, writeStamp } from "./stamp.mjs";
import { runLogged, SetupError } from "./steps.mjs";

/** @typedef {import("./layout.mjs").Layout} Layout */

const online = "Check the network and the npm configuration (`npm ping`), then run the same command again.";

/**
 * Installs the pinned pnpm once. Nothing of it runs before the digest of every downloaded package is compared with the pins.
 * @param {Layout} layout
 */
export async function installPnpm(layout) {
  const { version, integrity } = readPins().pnpm;
  const stamp = join(layout.stamps, "pnpm");
  const digest = JSON.stringify({ version, integrity, platform: platformName() });
  if (isStamped(stamp, digest) && existsSync(layout.pnpm)) return `${version} is there`;

  rmSync(join(layout.pnpmHome, "node_modules"), { recursive: true, force: true });
  mkdirSync(layout.pnpmHome, { recursive: true });
  const patience = [
    "--prefer-offline",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=1000",
  ];
  const flags = [...patience, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const shared = { cwd: layout.root, logs: layout.logs, advice: online };
  await runLogged({
    ...shared,
    name: "pnpm-download",
    argv: ["npm", "install", "--prefix", layout.pnpmHome, `pnpm@${version}`, ...flags],
    env: process.env,
  });
  const unpinned = checkIntegrity(join(layout.pnpmHome, "node_modules", ".package-lock.json"), integrity);
  const installer = join(layout.pnpmHome, "node_modules", "pnpm", "install.js");
  await runLogged({ ...shared, name: "pnpm-install", argv: [process.execPath, installer], env: process.env });
  writeStamp(stamp, digest);
  return `${version} installed, digests as pinned${unpinned.length > 0 ? ` (no pin for ${unpinned.join(", ")})` : ""}`;
}

/**
 * Compares what npm downloaded (and hashed) with the pins, and returns the packages that have none.
 * Throws SetupError if a package differs from its pin.
 * @param {string} lockfile npm's record of an installed tree
 * @param {Record<string, string>} pinned
 */
export function checkIntegrity(lockfile, pinned) {
  /** @type {[string, {integrity?: string}][]} */
  const installed = Object.entries(JSON.parse(readFileSync(lockfile, "utf8")).packages);
  const names = installed.map(([path]) => path.replace(/^.*node_modules\//, ""));
  for (const [index, [, entry]] of installed.entries()) {
    const name = names[index] ?? "";
    if (pinned[name] === undefined || pinned[name] === entry.integrity) continue;
    throw new SetupError(`${name}: the download has integrity ${entry.integrity}, the pin says ${pinned[name]}`, {
      advice: "Do not go on: the registry gave something else than what this project pins in tools/setup/pins.json.",
    });
  }
  return names.filter((name) => pinned[name] === undefined);
}

/**
 * Installs the locked packages, unless they are as the lockfile and the manifests say.
 * @param {Layout} layout
 */
export async function installPackages(layout) {
  const stamp = join(layout.stamps, "packages");
  const digest = digestOf(layout.root, packageInputs(layout.root)) + platformName();
  if (
    isStamped(stamp, digest) &&
    existsSync(join(layout.root, "node_modules", ".modules.yaml")) &&
    existsSync(layout.node)
  ) {
    return "as locked";
  }
  await runLogged({
    name: "packages",
    argv: [layout.pnpm, "install", "--frozen-lockfile", "--prefer-offline"],
    cwd: layout.root,
    // CI keeps pnpm from asking questions: its output is a file.
    env: { ...projectEnv(layout), CI: "true" },
    logs: layout.logs,
    advice: `${online} If the lockfile is out of date, run \`.tools/pnpm/node_modules/.bin/pnpm install\`.`,
  });
  writeStamp(stamp, digest);
  return "installed from the lockfile";
}

/** @param {string} root */
function packageInputs(root) {
  const folders = ["packages", "apps"].filter((group) => existsSync(join(root, group)));
  const manifests = folders.flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, "package.json")),
  );
  return ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests];
}

/**
 * Compares the project's Node with its pin. The lockfile does not cover this file: the package's own install script fetches it.
 * Throws SetupError if version or digest differ.
 * @param {string} binary
 * @param {{version: string, sha256: Record<string, string>}} pin
 * @param {string} [platform]
 */
export function checkNode(binary, pin, platform = platformName()) {
  const advice =
    "Remove node_modules and .tools/stamps, then run the same command again; if it stays so, do not use this file.";
  const expected = pin.sha256[platform];
  if (expected !== undefined) {
    const seen = createHash("sha256").update(readFileSync(binary)).digest("hex");
    if (seen !== expected) throw new SetupError(`${binary}: sha256 is ${seen}, the pin says ${expected}`, { advice });
  }
  const version = execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();
  if (version !== `v${pin.version}`)
    throw new SetupError(`${binary}: version is ${version}, the pin says v${pin.version}`, { advice });
  return expected === undefined
    ? `${version}; no digest is pinned for ${platform}, only the version was checked`
    : `${version}, digest as pinned`;
}

const cliInputs = [
  "apps/cli",
  "packages",
  "fixtures/cases",
  "tsup.config.base.ts",
  "tsconfig.base.json",
  "pnpm-lock.yaml",
];

/**
 * Builds the command line program, unless it was built from these very sources.
 * @param {Layout} layout
 */
export async function buildCli(layout) {
  const stamp = join(layout.stamps, "cli");
  const digest = digestOf(layout.root, cliInputs, (path) => !/\.test\.ts$|\.md$/.test(path));
  if (isStamped(stamp, digest) && existsSync(layout.cli)) return "up to date";
  await runLogged({
    name: "build-cli",
    argv: [layout.pnpm, "--filter", "@cto/cli", "build"],
    cwd: layout.root,
    env: projectEnv(layout),
    logs: layout.logs,
    advice: "This is a fault of the sources as they are now; the log says where.",
  });
  if (!existsSync(layout.cli))
    throw new SetupError(`the build made no ${layout.cli}`, { advice: "Look at apps/cli's build script." });
  writeStamp(stamp, digest);
  return "built";
}

/** As Node names it: `linux-x64`. */
export function platformName() {
  return `${process.platform}-${process.arch}`;
}
