import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHome, runCli, startCli } from "./__fixtures__/cli-kit.ts";

/** Starts `cto` as a user whom permissions hold: a superuser first becomes nobody. */
function asOrdinaryUser(home: string, ...args: readonly string[]) {
  const command = process.geteuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  return startCli(home, args, { command, env: { HOME: "/nonexistent", XDG_CACHE_HOME: "" } }).result;
}

describe("a directory that cannot be written", () => {
  it.each([
    ["run", "r1-string-slugify"],
    ["cases", "run", "failure-no-diff"],
    ["cases", "run", "failure-dirty-starting-tree"],
  ])("%s %s %s: exit 2, a code, and no word of a bundle", async (...args) => {
    const home = createHome();
    chmodSync(home, 0o555);
    const result = await asOrdinaryUser(home, ...args.filter((arg) => arg !== undefined));
    chmodSync(home, 0o755);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("error STORE_NOT_WRITABLE: ");
    expect(`${result.stdout}${result.stderr}`).not.toMatch(/next|evidence| {4}at /);
    expect(existsSync(join(home, ".cto"))).toBe(false);
  });

  it("doctor says whether runs can be recorded, and leaves nothing behind", async () => {
    const home = createHome();
    const rowOf = (stdout: string) => JSON.parse(stdout).items.find(({ name }: { name: string }) => name === "runs");
    const good = await runCli(home, "doctor", "--json");
    expect([good.code, rowOf(good.stdout)]).toMatchObject([0, { where: "host", state: "ok" }]);
    expect(readdirSync(home)).toEqual([".git"]);
    chmodSync(home, 0o555);
    const bad = await asOrdinaryUser(home, "doctor", "--json");
    chmodSync(home, 0o755);
    expect([bad.code, rowOf(bad.stdout)]).toMatchObject([
      3,
      { state: "missing", message: "cannot be recorded here (EACCES)" },
    ]);
  });
});

it("doctor has each row once, on the host or inside", async () => {
  const { items } = JSON.parse((await runCli(createHome(), "doctor", "--json")).stdout);
  const rows: readonly string[] = items.map(({ name, where }: Record<string, string>) => `${where} ${name}`);
  expect(new Set(rows).size).toBe(rows.length);
  expect(rows).toEqual(expect.arrayContaining(["host git", "inside git", "host node", "inside node", "host sandbox"]));
});

it.each([[["run", "r1-string-slugify"]], [["runs", "list"]], [["verify", "latest"]]])(
  "a working directory that is gone: %j ends with exit 2 and a code",
  async (args) => {
    const home = createHome();
    mkdirSync(join(home, "gone"));
    const command = ["sh", "-c", 'rmdir ../gone && exec "$0" "$@"'];
    const { code, stdout } = await startCli(join(home, "gone"), [...args, "--json"], { command }).result;
    expect([code, JSON.parse(stdout).code]).toEqual([2, "CLI_DIRECTORY_GONE"]);
  },
);

it("a configuration that is no plain file, or a huge one, is refused at once: by a run with a bundle, by others as bad input", async () => {
  const home = createHome();
  const config = join(home, "cto/config.yaml");
  mkdirSync(join(home, "cto"));
  execFileSync("sh", ["-c", 'mkfifo "$0"', config]);
  const codeOf = async () => {
    const run = await runCli(home, "run", "r1-string-slugify", "--json");
    const { blockers } = JSON.parse(run.stdout);
    const list = await runCli(home, "cases", "list", "--json");
    return [run.code, blockers[0].code, blockers[0].message, list.code, JSON.parse(list.stdout).code];
  };
  const refused = [3, "gate_missing", expect.stringContaining("cto/config.yaml"), 2, "CONFIG_UNREADABLE"];
  expect(await codeOf()).toEqual(refused);
  rmSync(config);
  writeFileSync(config, "");
  truncateSync(config, 8 * 1024 ** 3);
  expect(await codeOf()).toEqual(refused);
});
