import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { MAX_TASK_BYTES } from "@cto/gates";

/** All of a plain file, or its first 1 MiB and one byte: enough for a parser to refuse it as too large. Throws the system's error, or an Error that says what is wrong. */
export async function readStart(path: string): Promise<Uint8Array> {
  // Without O_NONBLOCK a named pipe that nobody writes to would hold the caller for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new Error("it is not a plain file");
    return await readUpTo(handle, MAX_TASK_BYTES + 1);
  } finally {
    await handle.close();
  }
}

/** The text of a plain file of at most 1 MiB: a file that a person writes by hand. Throws the system's error, or an Error that says what is wrong. */
export async function readPlainFile(path: string): Promise<string> {
  const bytes = await readStart(path);
  if (bytes.length > MAX_TASK_BYTES) throw new Error(`more than ${MAX_TASK_BYTES} bytes`);
  return new TextDecoder().decode(bytes);
}

async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await handle.read(bytes, length, most - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
