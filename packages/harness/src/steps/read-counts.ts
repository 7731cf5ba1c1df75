import { constants } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestCounts } from "@cto/evidence-interface";
import { createTestCountReader, parseTestCounts, type VerificationStep } from "@cto/gates";
import type { Checkout } from "@cto/workspace";

const reportLimit = 16 * 1024 * 1024;

/** Reads the test counts of one command: from its output while it runs, or from the report file that it wrote. */
export interface CountReader {
  push(chunk: Uint8Array): void;
  /** Undefined if there are none, or none that this command made. */
  finish(): Promise<TestCounts | undefined>;
}

/** Must be made before the command starts: a report that was there before is not its report. */
export async function createCountReader(step: VerificationStep, checkout: Checkout): Promise<CountReader> {
  if (step.reads === "none") return { push: () => {}, finish: async () => undefined };
  if (step.reads === "tap") {
    const reader = createTestCountReader("tap");
    return { push: (chunk) => reader.push(chunk), finish: async () => reader.counts() };
  }
  const file = join(checkout.directory, step.reads.slice("junit:".length));
  const before = await identityOf(file);
  return {
    push: () => {},
    async finish() {
      const after = await identityOf(file);
      if (after === undefined || after === before || !(await isInside(checkout.directory, file))) return undefined;
      const text = await readReport(file);
      return text === undefined ? undefined : parseTestCounts(step.reads, text);
    },
  };
}

async function identityOf(file: string): Promise<string | undefined> {
  const found = await lstat(file, { bigint: true }).catch(() => undefined);
  return found?.isFile() === true ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ") : undefined;
}

/** The command may have made a link out of a folder above the report. */
async function isInside(directory: string, file: string): Promise<boolean> {
  const [root, folder] = await Promise.all([realpath(directory), realpath(dirname(file)).catch(() => "")]);
  return folder === root || folder.startsWith(`${root}/`);
}

async function readReport(file: string): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    return found.isFile() && found.size <= reportLimit ? await handle.readFile("utf8") : undefined;
  } finally {
    await handle.close();
  }
}
