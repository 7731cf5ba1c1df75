import { type ExecutableAdmission, SCHEMAS, type SourceAdmission, type Stage } from "@cto/evidence-interface";
import type { AdmissionJudgement, RecordFile, RecordQuestion } from "./admission.ts";
import { judgeSource } from "./judge-source-admission.ts";
import type { AdmissionRecord } from "./record-kinds.ts";
import {
  admit,
  joinVerdicts,
  judgeOnly,
  NOTHING_MISSING,
  refuse,
  toCompared,
  toItem,
  type Verdict,
} from "./verdict.ts";

/** The engine that is part of `cto` and needs no admission. */
export const BUILT_IN_ENGINE = "fake";

/** What an engine is on this machine. */
export interface EngineIdentity {
  readonly version: string;
  readonly executable_sha256: string;
}

/** An engine, and the records as they are. */
export type EngineQuestion = RecordQuestion & {
  readonly engineId: string;
  /** Null if the engine was not found; `not-asked` judges the records alone, before anybody looks for it. */
  readonly probe: EngineIdentity | null | "not-asked";
};

/** What the records say of an engine; `record` is the executable admission. */
export type EngineJudgement = AdmissionJudgement<ExecutableAdmission> & {
  /** The highest stage that the records permit: 2 while the licence is unresolved, 1 (at which nothing runs) if it is not admitted. */
  readonly highestStage: Stage;
  /** Why that is not 6; null if it is. */
  readonly highestStageReason: string | null;
};

/**
 * Judges an engine: one executable admission that fits version and digest as probed, and the one source admission that it names. The fake is
 * built in: admitted, without records.
 */
export function judgeEngineAdmission(question: EngineQuestion): EngineJudgement {
  if (question.engineId === BUILT_IN_ENGINE) return BUILT_IN;
  const executable = judgeExecutable(question);
  const source = executable.found === null ? null : judgeSourceOf(question, executable.found);
  const joined = joinVerdicts(executable, source);
  const items = [toItem("executable", executable.found?.record.id ?? null, executable)];
  if (source !== null) items.push(toItem("source", executable.found?.record.source ?? null, source));
  return { ...toCompared(executable), ...joined, items, ...toHighestStage(joined.status, source) };
}

const BUILT_IN: EngineJudgement = {
  status: "admitted",
  record: null,
  file: null,
  record_sha256: null,
  problems: [],
  hint: NOTHING_MISSING,
  items: [],
  highestStage: 6,
  highestStageReason: null,
};

function judgeExecutable(question: EngineQuestion): Verdict<ExecutableAdmission> {
  const { engineId, probe } = question;
  return judgeOnly(question, {
    what: `engine ${engineId}`,
    accept: (record: AdmissionRecord): record is ExecutableAdmission =>
      record.schema === SCHEMAS.executableAdmission && record.engine === engineId,
    orMissing: () =>
      refuse(
        "missing_admission",
        null,
        [`no executable admission names the engine ${engineId}`],
        `\`cto admit engine ${engineId}\` writes it.`,
      ),
    judge: (found) => compareExecutable(found, engineId, probe),
  });
}

function compareExecutable(
  found: RecordFile<ExecutableAdmission>,
  engineId: string,
  probe: EngineQuestion["probe"],
): Verdict<ExecutableAdmission> {
  const { file, record } = found;
  if (record.status === "not_admitted") {
    const problem = `${file}: status: expected admitted, seen not_admitted`;
    return refuse("not_admitted", found, [problem], "Its approver refused it; only a new approval changes that.");
  }
  if (probe === "not-asked") return admit(found);
  const differences = [
    { field: "version", expected: record.version, seen: probe?.version ?? "no engine" },
    { field: "sha256", expected: record.sha256, seen: probe?.executable_sha256 ?? "no executable" },
  ].filter(({ expected, seen }) => expected !== seen);
  if (differences.length === 0) return admit(found);
  const problems = differences.map(
    ({ expected, field, seen }) => `${file}: ${field}: expected ${expected}, seen ${seen}`,
  );
  const hint =
    probe === null
      ? `\`cto engines probe ${engineId}\` says what is missing.`
      : `Install the admitted version, or look at the present one and admit it: \`cto admit engine ${engineId} --replace\`.`;
  return refuse("mismatch", found, problems, hint);
}

/** The source that an executable names. A package is pinned by its version: the word on one version says nothing of another. */
function judgeSourceOf(
  question: EngineQuestion,
  executable: RecordFile<ExecutableAdmission>,
): Verdict<SourceAdmission> {
  const { source: id, version } = executable.record;
  const source = judgeSource(question, id);
  const { found, status } = source;
  if (found === null || status !== "admitted" || found.record.type !== "npm-package") return source;
  if (version.split(/[\s@]+/).includes(found.record.pinned)) return source;
  const problem = `${found.file}: pinned: expected ${version}, the version in ${executable.file}, seen ${found.record.pinned}`;
  const hint = "Admit the source of the version that runs, in a new source record whose previous is this one.";
  return refuse("mismatch", found, [problem], hint);
}

function toHighestStage(
  status: AdmissionJudgement["status"],
  source: Verdict<SourceAdmission> | null,
): Pick<EngineJudgement, "highestStage" | "highestStageReason"> {
  if (status !== "admitted") return { highestStage: 1, highestStageReason: `the engine is ${status}` };
  if (source?.found?.record.licence.status === "resolved") return { highestStage: 6, highestStageReason: null };
  const file = source?.found?.file ?? "the source admission";
  return { highestStage: 2, highestStageReason: `${file}: licence.status: expected resolved, seen unresolved` };
}
