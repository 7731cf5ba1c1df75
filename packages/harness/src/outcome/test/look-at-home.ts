import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PendingHome } from "./outcome-kit.ts";

export const branchOf = ({ runId }: PendingHome) => `refs/heads/cto/${runId}`;
export const outcomesOf = ({ store }: PendingHome) => join(store.root, "outcomes");

/** Outcome folders and branches of a home, hidden ones too, and whatever is left to work with. */
export async function look(pending: PendingHome) {
  const refs = await pending.git("for-each-ref", "--format=%(refname)", "refs/heads/cto/");
  return {
    records: existsSync(outcomesOf(pending)) ? readdirSync(outcomesOf(pending)) : [],
    branches: refs.split("\n").filter(Boolean),
    scratch: readdirSync(join(pending.store.root, "tmp")),
  };
}

export const nothing = { records: [], branches: [], scratch: [] };
export const everything = (pending: PendingHome) => ({
  records: [pending.runId],
  branches: [branchOf(pending)],
  scratch: [],
});

export function editAdmission({ home }: PendingHome, change: (record: Record<string, unknown>) => void): void {
  const file = join(home, "cto/admissions/target.json");
  const record = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  change(record);
  writeFileSync(file, JSON.stringify(record));
}
