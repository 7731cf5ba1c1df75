import { SCHEMAS, type TargetAdmission } from "@cto/evidence-interface";
import type { AdmissionJudgement, RecordQuestion } from "./admission.ts";
import type { AdmissionRecord } from "./record-kinds.ts";
import { admit, judgeOnly, refuse, toCompared, toItem, type Verdict } from "./verdict.ts";

/** A target repository, and the records as they are. Both paths are absolute, with symbolic links resolved; `home` is the folder that holds `cto/`. */
export type TargetQuestion = RecordQuestion & { readonly path: string; readonly home: string };

export type TargetJudgement = AdmissionJudgement<TargetAdmission>;

/**
 * Judges a target repository: one target admission names its path and says admitted. A path in a record is absolute or relative to `home`, and
 * compared without looking at the disk: one that leads through a link names nothing. What lies in `.cto` is never a target.
 */
export function judgeTargetAdmission(question: TargetQuestion): TargetJudgement {
  const verdict = judgeTarget(question);
  const { found, hint, problems, status } = verdict;
  return {
    ...toCompared(verdict),
    status,
    problems,
    hint,
    items: [toItem("target", found?.record.id ?? null, verdict)],
  };
}

function judgeTarget(question: TargetQuestion): Verdict<TargetAdmission> {
  const { home, path } = question;
  const wanted = toSegments(home, path);
  if (isInside(wanted, toSegments(home, ".cto"))) {
    const problem = "the target lies in .cto, where cto keeps its own files";
    return refuse("not_admitted", null, [problem], "Use a repository elsewhere.");
  }
  return judgeOnly(question, {
    what: "target",
    accept: (record): record is TargetAdmission =>
      isTarget(record) && isSame(toSegments(home, record.target_repository_path), wanted),
    orMissing: () => explainMissing(question),
    judge: (found) => {
      if (found.record.admission_status === "admitted") return admit(found);
      const problem = `${found.file}: admission_status: expected admitted, seen not_admitted`;
      return refuse("not_admitted", found, [problem], "Its owner refused it; only a new approval changes that.");
    },
  });
}

function explainMissing({ records }: RecordQuestion): Verdict<TargetAdmission> {
  const others = records.flatMap(({ record }) => (isTarget(record) ? [record.id] : []));
  const seen = others.length === 0 ? "" : `; there is one of ${others.slice(0, 5).join(", ")}`;
  return refuse(
    "missing_admission",
    null,
    [`no target admission names the path of this repository${seen}`],
    "`cto admit target DIR` writes it, with the path that has no symbolic link in it.",
  );
}

/** The segments of a path from the root, `.` and `..` resolved. */
function toSegments(home: string, path: string): readonly string[] {
  const segments: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${home}/${path}`).split("/")) {
    if (name === "..") segments.pop();
    else if (name !== "" && name !== ".") segments.push(name);
  }
  return segments;
}

function isInside(path: readonly string[], folder: readonly string[]): boolean {
  return folder.every((name, index) => path[index] === name);
}

function isSame(path: readonly string[], other: readonly string[]): boolean {
  return path.length === other.length && isInside(path, other);
}

function isTarget(record: AdmissionRecord): record is TargetAdmission {
  return record.schema === SCHEMAS.targetAdmission;
}
