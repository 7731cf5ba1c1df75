import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createTemporaryStore, sealSampleRun } from "./test/sample-run.ts";

const script = fileURLToPath(new URL("./test/creating-process.ts", import.meta.url));

it.each(["none", "made by an earlier run"])(
  "a run is refused before it exists on a read-only file system, .cto: %s",
  async (before) => {
    await using place = createTemporaryStore();
    if (before !== "none") await sealSampleRun(place.store, "earlier");
    const unshare = process.getuid?.() === 0 ? ["--mount"] : ["--map-root-user", "--mount"];
    const mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
    const command = [process.execPath, "--conditions=@cto/source", script, place.home];
    const { stdout } = await promisify(execFile)("unshare", [
      ...unshare,
      "sh",
      "-c",
      mount,
      "sh",
      place.home,
      ...command,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      code: "STORE_NOT_WRITABLE",
      message: "No run can be recorded in .cto: the file system is read-only.",
      hint: "Work in a directory that can be written, or mount it read-write.",
      details: { system: "EROFS" },
    });
    expect(fs.existsSync(path.join(place.home, ".cto/runs/late"))).toBe(false);
  },
);
