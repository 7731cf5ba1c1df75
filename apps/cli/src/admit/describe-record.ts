import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type AdmissionStatus, SCHEMAS } from "@cto/evidence-interface";
import {
  judgeEngineAdmission,
  judgeModelAdmission,
  judgeSourceAdmission,
  judgeTargetAdmission,
  type RecordFile,
  type RecordQuestion,
} from "@cto/gates";
import { createEngines, type Setting } from "../setting.ts";
import { probeEngine } from "./read-subject.ts";

/** What a record is worth now. A record that only states something has no status. */
export interface RecordWorth {
  readonly status: AdmissionStatus | null;
  /** One sentence: what it permits or states. */
  readonly means: string;
  readonly problems: readonly string[];
  readonly hint: string | null;
}

/** Judges one record among all others of the home, against this machine where it speaks of something on it. */
export async function describeRecord(
  { record }: RecordFile,
  question: RecordQuestion,
  setting: Setting,
): Promise<RecordWorth> {
  switch (record.schema) {
    case SCHEMAS.executableAdmission: {
      const engine = createEngines().find((one) => one.describe().id === record.engine);
      const probe = engine === undefined ? null : await probeEngine(engine, setting);
      const judged = judgeEngineAdmission({ ...question, engineId: record.engine, probe });
      const limit = judged.highestStageReason === null ? "" : ` (${judged.highestStageReason})`;
      return toWorth(
        judged,
        `engine ${record.engine} ${record.version} may run at stages 1 to ${judged.highestStage}${limit}`,
      );
    }
    case SCHEMAS.modelAdmission: {
      const { model, provider } = record;
      return toWorth(judgeModelAdmission({ ...question, provider, model }), `model ${provider}/${model} may be asked`);
    }
    case SCHEMAS.targetAdmission: {
      const home = realpathSync(setting.home);
      const path = resolve(home, record.target_repository_path);
      const paths = `${record.allowed_paths.join(", ")}${record.forbidden_paths.length === 0 ? "" : ` but not ${record.forbidden_paths.join(", ")}`}`;
      return toWorth(
        judgeTargetAdmission({ ...question, path, home }),
        `target ${record.id} may be changed in ${paths}, at stage 5, with an approval for each run`,
      );
    }
    case SCHEMAS.sourceAdmission: {
      const judged = judgeSourceAdmission({ ...question, id: record.id });
      const limit = record.licence.status === "resolved" ? "" : ", at stages 1 and 2 while its licence is unresolved";
      return toWorth(judged, `source ${record.name} ${record.pinned} may be run in the sandbox${limit}`);
    }
    case SCHEMAS.providerDecision:
      return toStatement(question, `provider decision: ${record.decision}`);
    case SCHEMAS.failureExemption:
      return toStatement(
        question,
        `the ladder asks for no bundle of ${record.code} from ${record.engine} at stage ${record.stage}`,
      );
    case SCHEMAS.promotionDecision:
      return toStatement(question, `promotion: ${record.decision_status}; no command acts on it`);
  }
}

function toWorth(
  {
    hint,
    problems,
    status,
  }: { readonly status: AdmissionStatus; readonly problems: readonly string[]; readonly hint: string },
  means: string,
): RecordWorth {
  if (status === "admitted") return { status, means, problems: [], hint: null };
  return { status, means: "permits nothing yet", problems, hint };
}

/** Nothing else is needed for it to be heard, but while another record cannot be read none of them counts. */
function toStatement({ problems }: RecordQuestion, means: string): RecordWorth {
  const [first] = problems;
  if (first === undefined) return { status: null, means, problems: [], hint: null };
  const lines = problems.map(({ file, message }) => `${file}: ${message}`);
  return {
    status: "invalid_admission",
    means: "does not count yet",
    problems: lines,
    hint: `${first.file}: ${first.hint}`,
  };
}
