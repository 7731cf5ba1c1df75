import type { EligibilityDecision } from "../../schemas/proofs.ts";
import { PROOF_FILES } from "../../vocabulary.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule } from "./whole-bundle.ts";

/** The gates that stand before every run, in their order. A gate that is left out here is one that nobody asked. */
const gates = [
  "policy-layers",
  "stage-permitted-by-contract",
  "stage-permitted-by-policy",
  "stage-permits-execution",
  "isolation-permitted-at-stage",
  "engine-admitted",
  "model-admitted",
  "target-admitted",
  "engine-ready",
  "stage-proven",
  "sandbox-available",
  "approval",
];

/** What stood before the runs of earlier harnesses, and the highest stage that these could start anything at. */
const earlierGates: readonly { readonly gates: readonly string[]; readonly highest: number }[] = [
  { gates: ["sandbox-available", "engine-ready"], highest: 2 },
  {
    gates: [
      "stage-permitted-by-contract",
      "stage-implemented",
      "stage-permits-execution",
      "isolation-permitted-at-stage",
      "sandbox-available",
      "engine-ready",
      "approval",
    ],
    highest: 3,
  },
];

/** The decision asked every gate there is, each passed or missing, and permits what happened: an engine ran only if it was selected and no gate was missing. */
export const eligibilityFits: Rule = (bundle, findings) => {
  const { eligibility, report, run, listed, task } = bundle;
  if (eligibility === undefined) {
    if (!wasCutShort(bundle) && !listed.has(PROOF_FILES.eligibility))
      findings.add(
        "FILE_NOT_IN_BUNDLE",
        PROOF_FILES.eligibility,
        "is not in the manifest, and only a run that was cut short may lack it",
      );
    return;
  }
  const say = (message: string) => findings.add("ELIGIBILITY_CONTRADICTED", PROOF_FILES.eligibility, message);
  const { approval_required, denied_backends, selected_backend } = eligibility;
  if (eligibility.task_id !== report.task_id) say("is about another task");
  if (task !== undefined && eligibility.risk_class !== task.risk_class) say("risk_class is not the contract's");
  if (task?.approval.required && !approval_required) say("leaves out the approval that the contract requires");
  judgeGates(eligibility, run.stage, say);
  if (denied_backends.some(({ backend }) => backend === selected_backend)) say("the selected engine is denied");
  if (!report.process_started) return;
  if (eligibility.allowed_mutation_mode !== report.mutation_scope)
    say("permits another mutation mode than the report's");
  if (selected_backend !== report.backend) say("an engine ran that was not selected");
  if (eligibility.missing_gates.length > 0) say("an engine ran while gates were missing");
};

function judgeGates(decision: EligibilityDecision, stage: number, say: (message: string) => void): void {
  const { approval_required, missing_gates, required_gates } = decision;
  if (!isSplit(decision)) say("passed_gates and missing_gates are not required_gates, each gate in one of them");
  if (isSame(required_gates, gates)) {
    if ((stage === 4 || stage === 5) && !approval_required) say(`approval_required is false at stage ${stage}`);
    return;
  }
  const earlier = earlierGates.find((list) => isSame(required_gates, list.gates));
  if (earlier === undefined) say("required_gates leaves out a gate, or has one that does not exist");
  else if (stage > earlier.highest && missing_gates.length === 0)
    say(`required_gates is of a harness that could start nothing at stage ${stage}`);
}

/** Both lists have the order of the first. */
function isSplit({ missing_gates, passed_gates, required_gates }: EligibilityDecision): boolean {
  let passed = 0;
  let missing = 0;
  for (const gate of required_gates) {
    if (gate === passed_gates[passed]) passed += 1;
    else if (gate === missing_gates[missing]) missing += 1;
    else return false;
  }
  return passed === passed_gates.length && missing === missing_gates.length;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
