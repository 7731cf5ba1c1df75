import type { AdmissionsProof } from "../../schemas/stage-proofs.ts";
import { PROOF_FILES, RUN_FILES } from "../../vocabulary.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

type Kind = AdmissionsProof["items"][number]["kind"];

/** The engine that comes with `cto` is admitted by no record. */
const builtIn = "fake";

/**
 * What ran was admitted: an engine that is not built in, a model, at stage 5 the target that the approver was asked about. Each by a record that has nothing
 * against it; the report says of each what the records answered.
 */
export const admissionsFit: Rule = (bundle, findings) => {
  const { admissions, approvalPacket, report, run } = bundle;
  const say = (message: string) => findings.add("ADMISSION_CONTRADICTED", PROOF_FILES.admissions, message);
  const asksRecords = run.engine_id !== builtIn;
  if (report.process_started) {
    if (asksRecords && !isAdmitted(bundle, "executable", "source")) say("an engine ran that no record admits");
    if (report.model !== null && !isAdmitted(bundle, "model", "provider-decision"))
      say("an engine ran with a model that no record admits");
    if (run.stage === 5 && !isAdmitted(bundle, "target")) say("an engine ran on a target that no record admits");
  }
  for (const item of admissions?.items ?? []) {
    const named = item.id !== null || item.kind === "provider-decision";
    const whole = named && item.record_sha256 !== null && item.problems.length === 0;
    if (item.status === "admitted" && !whole) say(`${item.kind} is admitted by no record, or by one with problems`);
    if (item.kind === "target" && approvalPacket !== undefined && approvalPacket.target?.name !== item.id)
      say("the target is not the one that the approver was asked about");
  }
  const answers = (kinds: readonly Kind[]) =>
    admissions?.items.filter(({ kind }) => kinds.includes(kind)).map(({ status }): string => status) ?? [];
  const said: readonly (readonly [field: string, status: string | undefined, answers: readonly string[]])[] = [
    ["engine", asksRecords ? report.engine.source_admission_status : undefined, answers(["source", "executable"])],
    ["model", report.model?.admission_status, answers(["model", "provider-decision"])],
  ];
  for (const [field, status, known] of said) {
    if (status !== undefined && known.length > 0 && !known.includes(status))
      findings.add("ADMISSION_CONTRADICTED", RUN_FILES.report, `${field}: the status is not what the records answered`);
  }
};

/**
 * True if a record of the `needed` kind answered, and no answer of it or of the kind `beside` it keeps the thing from running. Below stage 3 an
 * engine is opted in by a person; there only a record that is there must fit (gates.md, stage 2).
 */
function isAdmitted({ admissions, run }: WholeBundle, needed: Kind, beside?: Kind): boolean {
  const items = admissions?.items.filter(({ kind }) => kind === needed || kind === beside) ?? [];
  const tolerated = run.stage < 3 && needed === "executable";
  return (
    items.some(({ kind }) => kind === needed) &&
    items.every(({ status }) => status === "admitted" || (tolerated && status === "missing_admission"))
  );
}
