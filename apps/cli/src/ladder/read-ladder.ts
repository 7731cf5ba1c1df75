import { type Ladder, SCHEMAS } from "@cto/evidence-interface";
import { type RecordFacts, toLadder } from "@cto/gates";
import { createOutcomeReader } from "@cto/harness";
import type { Setting } from "../setting.ts";
import { findPresentSubjects, type PresentSubjects } from "./present-subjects.ts";
import { readEvidence } from "./read-evidence.ts";

/** The ladder of a home as of now, and who could stand on it. A look and no gate: bundles whose files are untouched are not verified again. */
export async function readLadder(
  setting: Setting,
  records: RecordFacts,
  asked: { readonly engineId: string | null; readonly targetId: string | null },
): Promise<{ readonly ladder: Ladder; readonly present: PresentSubjects }> {
  const present = await findPresentSubjects(setting, records, asked);
  const ladder = toLadder({
    subjects: present.subjects,
    evidence: readEvidence(setting),
    outcomeOf: createOutcomeReader(setting.store),
    exemptions: exemptionsOf(records),
  });
  return { ladder, present };
}

/** None if a record cannot be read: that one may be what an exemption depends on. */
function exemptionsOf({ problems, records }: RecordFacts) {
  if (problems.length > 0) return [];
  return records.flatMap(({ record }) => (record.schema === SCHEMAS.failureExemption ? [record] : []));
}
