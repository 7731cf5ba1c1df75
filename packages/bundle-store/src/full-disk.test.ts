import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createTemporaryStore } from "./test/sample-run.ts";

const script = fileURLToPath(new URL("./test/full-disk-process.ts", import.meta.url));
const unshare = process.getuid?.() === 0 ? ["unshare", "--mount"] : ["unshare", "--map-root-user", "--mount"];
const onSmallDisk = [...unshare, "sh", "-c", 'mount -t tmpfs -o size=2m tmpfs "$1" && shift && exec "$@"', "sh"];

async function run(wrap: readonly string[], home: string, reserveBytes: number): Promise<unknown> {
  const [command = "", ...rest] = [
    ...wrap,
    process.execPath,
    "--conditions=@cto/source",
    script,
    home,
    String(reserveBytes),
  ];
  const { stdout } = await promisify(execFile)(command, rest);
  return JSON.parse(stdout);
}

describe("a full disk", () => {
  it("ends a log with a coded error, and leaves the reserved room for everything that seals the run", async () => {
    await using place = createTemporaryStore();
    expect(await run([...onSmallDisk, place.home], place.home, 512 * 1024)).toEqual({
      write: { code: "STORE_WRITE_FAILED", system: "ENOSPC" },
      truncated: true,
      verdict: "unsigned",
      status: "pass",
    });
  });

  it("that takes not even the documents leaves the run incomplete, never half sealed", async () => {
    await using place = createTemporaryStore();
    expect(await run([...onSmallDisk, place.home], place.home, 0)).toEqual({
      write: { code: "STORE_WRITE_FAILED", system: "ENOSPC" },
      truncated: true,
      seal: { code: "STORE_WRITE_FAILED", system: "ENOSPC" },
      verdict: "incomplete",
      status: "incomplete",
    });
  });
});

describe("a limit on the size of files", () => {
  it("ends a log with a coded error, and the run is sealed", async () => {
    await using place = createTemporaryStore();
    const limited = ["sh", "-c", 'ulimit -f 400 && exec "$@"', "sh"];
    expect(await run(limited, place.home, 64 * 1024)).toEqual({
      write: { code: "STORE_WRITE_FAILED", system: "EFBIG" },
      truncated: true,
      verdict: "unsigned",
      status: "pass",
    });
  });
});
