import {
  type ExecutableAdmission,
  executableAdmissionSchema,
  type FailureExemption,
  failureExemptionSchema,
  type ModelAdmission,
  modelAdmissionSchema,
  type PromotionDecision,
  type ProviderDecision,
  promotionDecisionSchema,
  providerDecisionSchema,
  SCHEMAS,
  type SourceAdmission,
  sourceAdmissionSchema,
  type TargetAdmission,
  targetAdmissionSchema,
} from "@cto/evidence-interface";

/** A record of `cto/admissions/`: `schema` tells which. */
export type AdmissionRecord =
  | ExecutableAdmission
  | ModelAdmission
  | TargetAdmission
  | SourceAdmission
  | ProviderDecision
  | FailureExemption
  | PromotionDecision;

/** The words of `cto admit` for the kinds of records. */
export const RECORD_KINDS = ["engine", "model", "target", "source", "decision", "exemption", "promotion"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** The schema of each kind, by its exact version. */
export const RECORD_SHAPES = {
  [SCHEMAS.executableAdmission]: executableAdmissionSchema,
  [SCHEMAS.modelAdmission]: modelAdmissionSchema,
  [SCHEMAS.targetAdmission]: targetAdmissionSchema,
  [SCHEMAS.sourceAdmission]: sourceAdmissionSchema,
  [SCHEMAS.providerDecision]: providerDecisionSchema,
  [SCHEMAS.failureExemption]: failureExemptionSchema,
  [SCHEMAS.promotionDecision]: promotionDecisionSchema,
} as const;

const KIND_OF: Readonly<Record<AdmissionRecord["schema"], RecordKind>> = {
  [SCHEMAS.executableAdmission]: "engine",
  [SCHEMAS.modelAdmission]: "model",
  [SCHEMAS.targetAdmission]: "target",
  [SCHEMAS.sourceAdmission]: "source",
  [SCHEMAS.providerDecision]: "decision",
  [SCHEMAS.failureExemption]: "exemption",
  [SCHEMAS.promotionDecision]: "promotion",
};

/** The kind of a record. */
export function recordKindOf(record: AdmissionRecord): RecordKind {
  return KIND_OF[record.schema];
}

/** The name that `cto admit` gives the file of a record: `engine-codex.json`, `provider-decision.json`. Readers do not rely on it. */
export function toRecordFileName(record: AdmissionRecord): string {
  return "id" in record ? `${recordKindOf(record)}-${record.id}.json` : "provider-decision.json";
}

/** What a record speaks of, as one text. Two records with the same subject contradict each other. Paths of targets are compared as written. */
export function toRecordSubject(record: AdmissionRecord): string {
  switch (record.schema) {
    case SCHEMAS.executableAdmission:
      return `engine ${record.engine}`;
    case SCHEMAS.modelAdmission:
      return `model ${record.provider}/${record.model}`;
    case SCHEMAS.targetAdmission:
      return `target ${record.target_repository_path}`;
    case SCHEMAS.providerDecision:
      return "provider decision";
    default:
      return `${recordKindOf(record)} ${record.id}`;
  }
}
