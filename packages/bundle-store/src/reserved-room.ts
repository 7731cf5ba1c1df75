import fs from "node:fs";
import path from "node:path";
import { writeFailed } from "./store-error.ts";

/** Keeps `bytes` of the disk in a file. Real blocks, not a hole: a sparse file would reserve nothing. */
export function reserveRoom(file: string, bytes: number): void {
  try {
    giveRoomBack(file);
    fs.writeFileSync(file, Buffer.alloc(bytes, 0x2e), { flag: "wx", mode: 0o600 });
  } catch (error) {
    giveRoomBack(file);
    throw writeFailed(`tmp/${path.basename(file)}`, error);
  }
}

/** Gives the room back. Never throws: what cannot be removed costs room, which the write that needed it reports; `runs rm` tries again. */
export function giveRoomBack(file: string): void {
  try {
    fs.rmSync(file, { force: true, recursive: true });
  } catch {
    // See above.
  }
}
