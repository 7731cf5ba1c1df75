import { redecide } from "./approval-edits.ts";
import { documentOf } from "./draft-edits.ts";
import { passDraft } from "./golden-drafts.ts";
import type { BundleDraft } from "./seal.ts";
import { addPolicyRule, stage4Draft, stage5Draft } from "./stage-drafts.ts";
import { contradictory, type Tampering } from "./tampering.ts";

const rule = (dimension: string, value: unknown, layer: string) => (draft: BundleDraft) =>
  addPolicyRule(draft, { dimension, value, layer });

/** Takes rules out of the policy. */
const drop =
  (chosen: (rule: { dimension: string; layer: string; value: unknown }) => boolean) => (draft: BundleDraft) => {
    const policy = documentOf(draft, "proofs/policy.json");
    policy.rules = (policy.rules as Parameters<typeof chosen>[0][]).filter((entry) => !chosen(entry));
  };

/** The same pass with another changed file, wherever its name stands. */
const changing = (path: string): BundleDraft =>
  JSON.parse(JSON.stringify(passDraft()).replaceAll("src/slugify.js", path)) as BundleDraft;

/** A change of src/slugify.js, allowed by the contract, that some layer does not permit. */
export const tamperedLayers: readonly Tampering[] = [
  ...(["organisation", "repository", "target"] as const).flatMap((layer) => [
    contradictory(
      `a change that layer ${layer} does not allow`,
      passDraft,
      rule("allowed_paths", "docs/", layer),
      "CHANGES_CONTRADICTED",
    ),
    contradictory(
      `a change where layer ${layer} allows nothing`,
      passDraft,
      rule("allowed_paths", [], layer),
      "CHANGES_CONTRADICTED",
    ),
  ]),
  contradictory(
    "a change that the approver narrowed away",
    stage4Draft,
    (draft) => {
      redecide(draft, { narrowing: { allowed_paths: ["docs/"] } });
      rule("allowed_paths", "docs/", "approval")(draft);
    },
    "CHANGES_CONTRADICTED",
  ),
  ...["src/*.js", "**/*.js", "src/**", "s*/", "**/slugify.js", "src/*/", "SRC/", "Src/*.JS", "src/slugify.js/"].flatMap(
    (pattern) => [
      contradictory(
        `a change that a layer forbids as ${pattern}`,
        passDraft,
        rule("forbidden_paths", pattern, "organisation"),
        "CHANGES_CONTRADICTED",
      ),
      contradictory(
        `a change that a layer protects as ${pattern}`,
        passDraft,
        rule("protected_paths", pattern, "repository"),
        "CHANGES_CONTRADICTED",
      ),
    ],
  ),
  ...["src/.git/config", "src/.GIT/config", "src/.gitattributes"].map((path) =>
    contradictory(
      `a change of ${path} that src/ allows`,
      () => changing(path),
      () => undefined,
      "CHANGES_CONTRADICTED",
    ),
  ),
  contradictory(
    "a policy without what is built in",
    passDraft,
    drop(({ layer }) => layer === "built-in"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "a pattern that no layer can write",
    passDraft,
    rule("forbidden_paths", "a*".repeat(2049), "organisation"),
    "POLICY_CONTRADICTED",
  ),
  contradictory(
    "a target without its allowed paths",
    stage5Draft,
    drop(({ dimension, layer }) => layer === "target" && dimension === "allowed_paths"),
    "POLICY_CONTRADICTED",
    "APPROVAL_CONTRADICTED",
  ),
  contradictory(
    "a target that does not forbid to push",
    stage5Draft,
    drop(({ layer, value }) => layer === "target" && value === "push"),
    "POLICY_CONTRADICTED",
    "APPROVAL_CONTRADICTED",
  ),
];
