import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AdmissionRecord } from "@cto/gates";
import { afterEach } from "vitest";

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

/** A home with the given files, removed after the test. */
export function createHome(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const home = mkdtempSync(join(tmpdir(), "cto-records-"));
  homes.push(home);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), content);
  }
  return home;
}

export const DECISION: AdmissionRecord = {
  schema: "cto.provider-decision.v1",
  decision: "local_provider_required",
  reason: "the code is not public",
  approval_source: "owner",
  approval_timestamp: "2026-05-01T08:00:00.000Z",
  review_trigger: "a new provider",
};

export const EXEMPTION: AdmissionRecord = {
  schema: "cto.failure-exemption.v1",
  id: "codex-3-timeout",
  engine: "codex",
  stage: 3,
  code: "timeout",
  reason: "it cannot be made to hang",
  approval_source: "owner",
  approval_timestamp: "2026-05-01T08:00:00.000Z",
  review_trigger: "a new version",
};

/** A moment after every date in the records. */
export const NOW = new Date("2026-06-01T12:00:00.000Z");
