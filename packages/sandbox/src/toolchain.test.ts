import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBubblewrapSandbox, createToolchain, proposeToolchains } from "./index.ts";
import { createBench } from "./testing/sandbox-bench.ts";

let root: string;
let home: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "cto-toolchain-")));
  home = join(root, "home", "me");
  await mkdir(home, { recursive: true });
});
afterAll(() => rm(root, { recursive: true }));

async function put(path: string, text = "#!/bin/sh\n"): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o755 });
  return path;
}
const asFolder = (name: string, folder: string) => ({
  name,
  root: folder,
  inside: `/opt/cto/${name}`,
  path: [`/opt/cto/${name}/bin`],
  libraries: [],
});
const asFile = (name: string, file: string, base: string) => ({
  name,
  root: file,
  inside: `/opt/cto/${name}/${base}`,
  path: [`/opt/cto/${name}`],
  libraries: [],
});

describe("createToolchain", () => {
  test("shows the folder above bin, also for a link that leads elsewhere in it", async () => {
    const version = join(home, ".nvm/versions/node/v20.1.0");
    await put(join(version, "bin/node"));
    await put(join(version, "lib/node_modules/npm/bin/npm-cli.js"));
    await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(version, "bin/npm"));
    for (const name of ["node", "npm"]) {
      expect(await createToolchain({ name, executable: join(version, "bin", name), home })).toEqual(
        asFolder(name, version),
      );
    }
  });

  test("shows the file alone where the folder would be HOME, above it, or directly below it", async () => {
    for (const [folder, name] of [
      [home, "a"],
      [dirname(home), "b"],
      [root, "c"],
      [join(home, ".local"), "d"],
      [join(home, "go"), "e"],
    ] as const) {
      const file = await put(join(folder, "bin", name));
      expect(await createToolchain({ name, executable: file, home })).toEqual(asFile(name, file, name));
    }
  });

  test("shows a conda folder directly below HOME", async () => {
    const conda = join(home, "miniconda3");
    await mkdir(join(conda, "conda-meta"), { recursive: true });
    const executable = await put(join(conda, "bin/python"));
    expect(await createToolchain({ name: "python", executable, home })).toEqual(asFolder("python", conda));
  });

  test("keeps the name under which a lone file is called", async () => {
    const file = await put(join(root, "tools/real-tool-1.0"));
    await symlink(file, join(root, "tools/tool"));
    expect(await createToolchain({ name: "tool", executable: join(root, "tools/tool"), home })).toEqual(
      asFile("tool", file, "tool"),
    );
  });

  test("needs none for what stands below /usr", async () => {
    expect(await createToolchain({ name: "sh", executable: "/bin/sh" })).toBeUndefined();
  });

  test("names the library folder where the executable looks for it by the host's path", async () => {
    const version = join(home, "versions/3.9.0");
    await put(join(version, "lib/libthing.so.1"));
    const executable = await put(join(version, "bin/thing"), `\x7fELF\0${join(version, "lib")}\0`);
    expect((await createToolchain({ name: "thing", executable, home }))?.libraries).toEqual(["/opt/cto/thing/lib"]);
    await writeFile(executable, "\x7fELF\0$ORIGIN/../lib\0");
    expect((await createToolchain({ name: "thing", executable, home }))?.libraries).toEqual([]);
  });

  test.each([
    ["Upper", "/bin/sh"],
    ["../up", "/bin/sh"],
    ["", "/bin/sh"],
    ["gone", "/no/such/file"],
    ["folder", "/usr/bin"],
    ["plain", "/etc/passwd"],
  ])("refuses %s at %s", async (name, executable) => {
    await expect(createToolchain({ name, executable })).rejects.toMatchObject({ code: "SANDBOX_TOOLCHAIN_INVALID" });
  });
});

describe("proposeToolchains", () => {
  const propose = (commands: readonly string[], ...path: string[]) =>
    proposeToolchains(commands, { PATH: path.join(":"), HOME: home });

  test("looks behind pyenv's shims, for the chosen version, else the newest", async () => {
    const pyenv = join(home, ".pyenv");
    await put(join(pyenv, "shims/python3"));
    for (const version of ["3.9.10", "3.9.9", "3.10.1"]) await put(join(pyenv, "versions", version, "bin/python3"));
    await put(join(pyenv, "versions/4.0.0/bin/other"));
    expect(await propose(["python3"], join(pyenv, "shims"))).toEqual([
      asFolder("python3", join(pyenv, "versions/3.10.1")),
    ]);
    await writeFile(join(pyenv, "version"), "3.9.9\n");
    expect(await propose(["python3"], join(pyenv, "shims"))).toEqual([
      asFolder("python3", join(pyenv, "versions/3.9.9")),
    ]);
  });

  test("looks behind the shims of asdf and mise, volta and rustup", async () => {
    await put(join(home, ".asdf/shims/ruby"));
    await put(join(home, ".asdf/installs/ruby/3.3.0/bin/ruby"));
    await put(join(home, ".volta/bin/yarn"));
    await put(join(home, ".volta/tools/image/yarn/1.22.0/bin/yarn"));
    await put(join(home, ".cargo/bin/cargo"));
    await put(join(home, ".rustup/toolchains/stable-x/bin/cargo"));
    await put(join(home, ".rustup/toolchains/nightly-x/bin/cargo"));
    await writeFile(join(home, ".rustup/settings.toml"), 'version = "12"\ndefault_toolchain = "nightly-x"\n');
    const path = [".asdf/shims", ".volta/bin", ".cargo/bin"].map((at) => join(home, at));
    expect(await propose(["ruby", "yarn", "cargo"], ...path)).toEqual([
      asFolder("ruby", join(home, ".asdf/installs/ruby/3.3.0")),
      asFolder("yarn", join(home, ".volta/tools/image/yarn/1.22.0")),
      asFolder("cargo", join(home, ".rustup/toolchains/nightly-x")),
    ]);
  });

  test("shows a tool that cargo installed as the file it is", async () => {
    const file = await put(join(home, ".cargo/bin/ripper"));
    expect(await propose(["ripper"], join(home, ".cargo/bin"))).toEqual([asFile("ripper", file, "ripper")]);
  });

  test("names one root once, skips what is missing, not executable, below /usr, or a path", async () => {
    const version = join(root, "opt/node-20");
    await put(join(version, "bin/node"));
    await put(join(version, "bin/npx"));
    await chmod(await put(join(root, "opt/node-20/bin/plain")), 0o644);
    const commands = ["node", "npx", "plain", "nowhere", "git", "./node", "/bin/sh", "node"];
    expect(await propose(commands, "relative", join(version, "bin"), "/usr/bin")).toEqual([asFolder("node", version)]);
  });

  test("what it proposes runs inside: this very Node", async () => {
    const toolchains = await proposeToolchains(["node"], { PATH: dirname(process.execPath), HOME: home });
    const bench = await createBench(createBubblewrapSandbox({ toolchains }));
    expect((await bench.run(["node", "-p", "process.version"])).stdout).toBe(`${process.version}\n`);
    await bench.remove();
  });
});
