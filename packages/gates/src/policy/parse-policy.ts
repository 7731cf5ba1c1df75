import { checkDocument, type ReadDocument, readDocument } from "../parse-document.ts";
import type { DocumentSource } from "../source-text.ts";
import { ORGANISATION_DOCUMENT, REPOSITORY_DOCUMENT } from "./policy-document.ts";
import type { PolicyLayer, PolicySays } from "./policy-layer.ts";
import { toPlaces } from "./read-task-places.ts";

/** A policy file. An organisation's is a whole document `cto.policy.v1`, a repository's the key `policy` of its `cto.config.v1`. */
export type PolicySource = DocumentSource & { readonly layer: "organisation" | "repository" };

/**
 * Reads the policy of an organisation or a repository from YAML 1.2 or JSON. A configuration without the key `policy` is a silent layer; its
 * other keys are not looked at. Throws one CtoError for all problems of the file: `POLICY_EMPTY`, `POLICY_BINARY`, `POLICY_ENCODING`,
 * `POLICY_TOO_LARGE`, `POLICY_SYNTAX` or `POLICY_INVALID`, with `details.problems`.
 */
export function parsePolicy(source: PolicySource): PolicyLayer {
  return source.layer === "organisation" ? parseOrganisation(source) : parseRepository(source);
}

function parseOrganisation(source: PolicySource): PolicyLayer {
  const document = readDocument(source, ORGANISATION_DOCUMENT);
  const { schema: _, ...says } = checkDocument(document, ORGANISATION_DOCUMENT);
  return toLayer(source, document, says, []);
}

function parseRepository(source: PolicySource): PolicyLayer {
  const document = readDocument(source, REPOSITORY_DOCUMENT);
  const { policy = {} } = checkDocument(document, REPOSITORY_DOCUMENT);
  return toLayer(source, document, policy, ["policy"]);
}

function toLayer(
  { layer }: PolicySource,
  { file, yaml }: ReadDocument,
  says: PolicySays,
  root: readonly string[],
): PolicyLayer {
  return { layer, file, says, places: toPlaces(yaml, root) };
}
