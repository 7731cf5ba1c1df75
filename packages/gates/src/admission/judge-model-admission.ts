import { type ModelAdmission, type ProviderDecision, SCHEMAS } from "@cto/evidence-interface";
import type { AdmissionJudgement, RecordFile, RecordQuestion } from "./admission.ts";
import type { AdmissionRecord } from "./record-kinds.ts";
import { admit, joinVerdicts, judgeOnly, refuse, toCompared, toItem, type Verdict } from "./verdict.ts";

/** A provider, an exact model, and the records as they are. */
export type ModelQuestion = RecordQuestion & { readonly provider: string; readonly model: string };

export type ModelJudgement = AdmissionJudgement<ModelAdmission>;

/**
 * Judges a provider and an exact model: first the one provider decision, without which nothing runs, then the one admission of the pair. Where a
 * local provider is required, an external one is not admitted.
 */
export function judgeModelAdmission(question: ModelQuestion): ModelJudgement {
  const decision = judgeDecision(question);
  const model = judgeModel(question, decision.found?.record ?? null);
  const items = [toItem("provider-decision", null, decision), toItem("model", model.found?.record.id ?? null, model)];
  return { ...toCompared(model), ...joinVerdicts(decision, model), items };
}

function judgeDecision(question: RecordQuestion): Verdict<ProviderDecision> {
  const command = "cto admit decision";
  return judgeOnly(question, {
    what: "provider decision",
    accept: (record): record is ProviderDecision => record.schema === SCHEMAS.providerDecision,
    orMissing: () =>
      refuse(
        "missing_admission",
        null,
        ["there is no provider decision, and while nothing is decided no model is asked"],
        `\`${command}\` writes down whether an external provider may see the code.`,
      ),
    judge: (found) => {
      if (found.record.decision !== "not_decided") return admit(found);
      const expected = "external_provider_approved or local_provider_required";
      const problem = `${found.file}: decision: expected ${expected}, seen not_decided`;
      return refuse("not_admitted", found, [problem], `Decide, then \`${command} --replace\`.`);
    },
  });
}

function judgeModel(question: ModelQuestion, decision: ProviderDecision | null): Verdict<ModelAdmission> {
  const { model, provider } = question;
  return judgeOnly(question, {
    what: `model ${provider}/${model}`,
    accept: (record): record is ModelAdmission =>
      isModel(record) && record.provider === provider && record.model === model,
    orMissing: () => explainMissing(question),
    judge: (found) => {
      const { file, record } = found;
      if (record.status === "not_admitted") {
        const problem = `${file}: status: expected admitted, seen not_admitted`;
        return refuse("not_admitted", found, [problem], "Its approver refused it; only a new approval changes that.");
      }
      if (decision?.decision !== "local_provider_required" || record.network !== "external") return admit(found);
      const expected = "local or loopback, as the provider decision requires a local provider";
      const problem = `${file}: network: expected ${expected}, seen external`;
      return refuse("not_admitted", found, [problem], "Use a local model, or have the provider decision changed.");
    },
  });
}

/** A record of the same provider, or of the same model elsewhere, is one that does not fit: somebody meant another pair. */
function explainMissing({ model, provider, records }: ModelQuestion): Verdict<ModelAdmission> {
  const hint = `Ask for an admitted model, or admit this one: \`cto admit model --provider ${provider} --model ${model}\`.`;
  const models = records.filter((one): one is RecordFile<ModelAdmission> => isModel(one.record));
  const sameProvider = models.filter(({ record }) => record.provider === provider);
  const sameModel = models.filter(({ record }) => record.model === model);
  const problems =
    sameProvider.length > 0
      ? sameProvider.map(({ file, record }) => `${file}: model: expected ${record.model}, seen ${model}`)
      : sameModel.map(({ file, record }) => `${file}: provider: expected ${record.provider}, seen ${provider}`);
  if (problems.length === 0)
    return refuse("missing_admission", null, [`no model admission names ${provider}/${model}`], hint);
  const [near, another] = sameProvider.length > 0 ? sameProvider : sameModel;
  return refuse("mismatch", another === undefined ? (near ?? null) : null, problems, hint);
}

function isModel(record: AdmissionRecord): record is ModelAdmission {
  return record.schema === SCHEMAS.modelAdmission;
}
