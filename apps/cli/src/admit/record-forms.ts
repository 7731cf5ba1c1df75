/** How the text of an option or an answer becomes a value: as it is, a list (repeated, or with commas), the words of a command, a number, true or false. */
export type Reads = "text" | "list" | "words" | "number" | "flag";

/** One value of a record that a person gives. */
export interface FormField {
  /** Where it goes: `licence.status`. */
  readonly key: string;
  readonly option: string;
  /** Help of the option, and the question on a terminal. */
  readonly help: string;
  readonly reads: Reads;
  /** Taken where nothing is given; without it a value is needed. A function sees what is known so far. */
  readonly otherwise?: string | readonly string[] | boolean | null | ((known: ReadonlyMap<string, unknown>) => unknown);
  /** Its object becomes null where none of its fields is given. */
  readonly optional?: true;
}

/** The form of one kind of record: the one source of options, questions and help. */
export interface RecordForm {
  readonly kind: "engine" | "model" | "target" | "source" | "decision" | "exemption" | "promotion";
  readonly help: string;
  /** The argument after the kind, if there is one. */
  readonly argument?: { readonly name: string; readonly help: string };
  /** Values that are the same in every record of the kind. */
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly fields: readonly FormField[];
  readonly example: string;
}

const text = (key: string, option: string, help: string, otherwise?: FormField["otherwise"]): FormField => ({
  key,
  option,
  help,
  reads: "text",
  ...(otherwise === undefined ? {} : { otherwise }),
});
const list = (key: string, option: string, help: string, otherwise?: readonly string[]): FormField => ({
  ...text(key, option, help, otherwise),
  reads: "list",
});

/** Known, and no part of the record: the present time, and the executable that the probe found. */
export const NOW_KEY = "$now";
export const PROBED_PATH_KEY = "$path";
const now = (known: ReadonlyMap<string, unknown>) => known.get(NOW_KEY);

/** An identifier made of what is known, or undefined if nothing of it is fit for one. */
export function toIdentifier(...parts: readonly unknown[]): string | undefined {
  const plain = parts
    .filter((part) => typeof part === "string")
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|-+$/g, "");
  return plain === "" ? undefined : plain.slice(0, 128);
}

const idFrom = (...keys: readonly string[]): FormField =>
  text("id", "id", "id of this record", (known) => toIdentifier(...keys.map((key) => known.get(key))));

const approval = [
  text("approval_source", "approval-source", "who approved it, and where that stands"),
  text("approval_timestamp", "approval-timestamp", "when it was approved, in UTC (default: now)", now),
  text("review_trigger", "review-trigger", "what makes this record due for another look"),
];
const status = (key: string): FormField =>
  text(key, "status", "admitted or not_admitted (default: admitted)", "admitted");

export const RECORD_FORMS: readonly RecordForm[] = [
  {
    kind: "engine",
    help: "admit the exact executable of an engine; version, digest and path come from its probe",
    argument: { name: "engine", help: "an engine id, such as codex" },
    fixed: { schema: "cto.executable-admission.v1" },
    fields: [
      idFrom("engine"),
      text("source", "source", "id of its source admission (default: the engine's id)", (known) => known.get("engine")),
      text("package", "package", "its package, where no path names it", null),
      text("path", "path", "its executable (default: as probed, null with --package)", (known) =>
        known.get("package") === null ? known.get(PROBED_PATH_KEY) : null,
      ),
      text("version", "engine-version", "its version (default: as probed)"),
      text("sha256", "sha256", "digest of its executable (default: as probed)"),
      {
        key: "identity_probe.command",
        option: "identity-command",
        help: "the command that shows its identity",
        reads: "words",
      },
      text("identity_probe.answer", "identity-answer", "what that command answered"),
      { key: "command_shape", option: "command-shape", help: "the command that runs it", reads: "words" },
      status("status"),
      ...approval,
    ],
    example:
      "cto admit engine codex --identity-command 'codex --version' --identity-answer 'codex-cli 1.2.3' --command-shape 'codex exec --json' --approval-source 'team lead, ticket 17' --review-trigger 'a new version'",
  },
  {
    kind: "model",
    help: "admit a provider and an exact model",
    fixed: { schema: "cto.model-admission.v1" },
    fields: [
      text("provider", "provider", "the provider"),
      text("model", "model", "the exact model"),
      idFrom("provider", "model"),
      text("credential_source", "credential-source", "where its credential comes from: environment or none"),
      text("network", "network", "external, local or loopback"),
      {
        key: "prices.input_usd_per_million",
        option: "input-price",
        help: "US dollars for a million input tokens",
        reads: "number",
        optional: true,
      },
      {
        key: "prices.output_usd_per_million",
        option: "output-price",
        help: "US dollars for a million output tokens",
        reads: "number",
        optional: true,
      },
      status("status"),
      ...approval,
    ],
    example:
      "cto admit model --provider acme --model large-1 --credential-source environment --network external --approval-source 'team lead, ticket 17' --review-trigger 'a new model'",
  },
  {
    kind: "target",
    help: "admit a repository that accepted changes may land in (stage 5)",
    argument: { name: "dir", help: "the top folder of the repository" },
    fixed: {
      schema: "cto.target-admission.v1",
      risk_classification: "low_risk_noncritical",
      operator_outcome_required: true,
    },
    fields: [
      text("id", "id", "id of this record"),
      text("repository_owner", "repository-owner", "who owns the repository"),
      text("ownership_evidence", "ownership-evidence", "where the ownership can be checked"),
      text("noncritical_rationale", "noncritical-rationale", "why it is of low risk and not critical"),
      list("allowed_paths", "allowed-path", "a path pattern that may change"),
      list("forbidden_paths", "forbidden-path", "a path pattern that may never change", []),
      list("forbidden_actions", "forbidden-action", "an action that is forbidden beside those that always are", []),
      status("admission_status"),
      ...approval,
    ],
    example:
      "cto admit target ../site --repository-owner 'team web' --ownership-evidence 'service catalogue' --noncritical-rationale 'a static page' --allowed-path src/ --approval-source 'owner, ticket 18' --review-trigger 'a new owner'",
  },
  {
    kind: "source",
    help: "admit where an engine comes from, at which version, under which licence",
    fixed: { schema: "cto.source-admission.v1" },
    fields: [
      text("name", "name", "what is admitted"),
      idFrom("name"),
      text("url", "url", "its https URL"),
      text("type", "type", "npm-package, git-repository, binary-release or other"),
      text("pinned", "pinned", "the exact commit or version"),
      text("previous", "previous", "id of the source record whose pin this one replaces", null),
      {
        ...text("conformance.pinned", "conformance-pinned", "the pin that passed the conformance suite"),
        optional: true,
      },
      { ...text("conformance.passed_at", "conformance-passed-at", "when it passed, in UTC"), optional: true },
      text("licence.status", "licence-status", "resolved or unresolved (then stages 1 and 2 only)"),
      text("licence.expression", "licence-expression", "an SPDX expression or NOASSERTION"),
      text("licence.note", "licence-note", "where the licence was read"),
      text("retrieved_at", "retrieved-at", "when it was fetched, in UTC (default: now)", now),
      text("retrieval_command", "retrieval-command", "the command that fetched it"),
      text("integrity", "integrity", "a digest or another integrity reference"),
      text("allowed_execution", "allowed-execution", "sandbox-only or never (default: sandbox-only)", "sandbox-only"),
      text("protected_boundary", "protected-boundary", "what of it is never changed"),
      ...approval,
    ],
    example:
      "cto admit source --name codex --url https://github.com/openai/codex --type npm-package --pinned 1.2.3 --licence-status resolved --licence-expression Apache-2.0 --licence-note 'LICENSE of the package' --retrieval-command 'npm pack @openai/codex@1.2.3' --integrity sha512-... --protected-boundary 'never changed' --approval-source 'team lead, ticket 17' --review-trigger 'a new version'",
  },
  {
    kind: "decision",
    help: "decide whether an external model provider may see the code; undecided means that no model is asked",
    fixed: { schema: "cto.provider-decision.v1" },
    fields: [
      text("decision", "decision", "not_decided, external_provider_approved or local_provider_required"),
      text("reason", "reason", "why"),
      ...approval,
    ],
    example:
      "cto admit decision --decision local_provider_required --reason 'the code is not public' --approval-source 'head of engineering' --review-trigger 'a new contract'",
  },
  {
    kind: "exemption",
    help: "say why one failure class of a rung cannot be shown by a bundle of an engine",
    fixed: { schema: "cto.failure-exemption.v1" },
    fields: [
      text("engine", "engine", "the engine id"),
      { key: "stage", option: "stage", help: "the rung, from 2 to 5", reads: "number" },
      text("code", "code", "the failure code"),
      text("id", "id", "id of this record", (known) =>
        toIdentifier(known.get("engine"), String(known.get("stage") ?? ""), known.get("code")),
      ),
      text("reason", "reason", "why it cannot be shown"),
      ...approval,
    ],
    example:
      "cto admit exemption --engine codex --stage 3 --code timeout --reason 'it cannot be made to hang' --approval-source 'team lead, ticket 17' --review-trigger 'a new version'",
  },
  {
    kind: "promotion",
    help: "write down a decision on promotion; no command acts on it",
    fixed: { schema: "cto.promotion-decision.v1", runtime_default_activation: false },
    fields: [
      text("id", "id", "id of this record (default: promotion)", "promotion"),
      text("decision_status", "decision-status", "not_decided, core_promotion_requested or core_promotion_deferred"),
      { key: "ready_for_review", option: "ready-for-review", help: "true or false", reads: "flag" },
      list("evidence", "evidence", "a run or document that it rests on", []),
      list("blockers", "blocker", "what stands in the way", []),
      text("next_decision", "next-decision", "when or by what it is decided again"),
    ],
    example:
      "cto admit promotion --decision-status not_decided --ready-for-review false --next-decision 'after two accepted changes'",
  },
];
