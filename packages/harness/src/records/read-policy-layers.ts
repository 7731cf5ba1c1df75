import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { CtoError, oneLine, systemCode } from "@cto/errors";
import { type PolicyLayer, type PolicyLayerName, parsePolicy } from "@cto/gates";
import { type Look, lookAtFile, lookAtFolder, unreadable } from "./look-at-place.ts";

/** The organisation's policy where `CTO_ORG_POLICY` names no other. */
export const DEFAULT_ORG_POLICY = "/etc/cto/policy.yaml";

/** Above this a policy is not read: 1 MiB. */
const MAX_POLICY_BYTES = 1024 * 1024;
const CONFIG = "cto/config.yaml";

/** A layer that cannot be known. No run may start while there is one. */
export interface PolicyLayerProblem {
  readonly layer: PolicyLayerName;
  readonly file: string;
  readonly message: string;
  readonly hint: string;
}

/** The layers that stand above every task, and what could not be read. */
export interface StandingLayers {
  readonly layers: readonly PolicyLayer[];
  readonly problems: readonly PolicyLayerProblem[];
}

/**
 * Reads the organisation's policy and the repository's (`cto/config.yaml`, key `policy`). `orgPolicy` is the value of `CTO_ORG_POLICY`, null if it
 * is not set: then the file must exist; else the default place, where absent means silent. A link, an unreadable file or one that says nothing
 * sensible is a problem, never a default. Writes nothing, never throws.
 */
export function readPolicyLayers({
  home,
  orgPolicy,
}: {
  readonly home: string;
  readonly orgPolicy: string | null;
}): StandingLayers {
  const parts = [readOrganisation(orgPolicy), readRepository(home)];
  return { layers: parts.flatMap(({ layers }) => layers), problems: parts.flatMap(({ problems }) => problems) };
}

function readOrganisation(given: string | null): StandingLayers {
  const path = given ?? DEFAULT_ORG_POLICY;
  const file = oneLine(path) || "CTO_ORG_POLICY";
  const hint =
    given === null
      ? `Make ${DEFAULT_ORG_POLICY} a plain file that you may read; only where nothing stands there is no policy.`
      : "CTO_ORG_POLICY must name a plain file that you may read and no symbolic link; unset it to use the default place.";
  if (path === "") return refuse("organisation", file, "names no file", hint);
  const look = lookAtFile(path, file, MAX_POLICY_BYTES);
  if (look.kind !== "absent") return toLayers("organisation", file, look, hint);
  if (given !== null) return refuse("organisation", file, "does not exist", hint);
  const problem = findBrokenFolder(dirname(path));
  return problem === null ? NOTHING : refuse("organisation", file, problem, hint);
}

/** A folder that is a link to nowhere hides the policy that somebody put there. */
function findBrokenFolder(folder: string): string | null {
  try {
    return lstatSync(folder).isSymbolicLink() ? "does not exist behind the symbolic link of its folder" : null;
  } catch (cause) {
    return systemCode(cause) === "ENOENT" ? null : unreadable(cause);
  }
}

function readRepository(home: string): StandingLayers {
  const folder = lookAtFolder(home, ["cto"]);
  const hint = `Make ${CONFIG} a plain file that you may read, without symbolic links on the way, or remove it.`;
  if (folder.kind === "problem") return refuse("repository", folder.file, folder.message, hint);
  if (folder.kind === "absent") return NOTHING;
  return toLayers("repository", CONFIG, lookAtFile(join(folder.value, "config.yaml"), CONFIG, MAX_POLICY_BYTES), hint);
}

function toLayers(
  layer: "organisation" | "repository",
  file: string,
  look: Look<Uint8Array>,
  hint: string,
): StandingLayers {
  if (look.kind === "absent") return NOTHING;
  if (look.kind === "problem") return refuse(layer, file, look.message, hint);
  try {
    return { layers: [parsePolicy({ file, layer, bytes: look.value })], problems: [] };
  } catch (thrown) {
    if (!CtoError.is(thrown)) throw thrown;
    return refuse(layer, file, thrown.message, thrown.hint);
  }
}

const NOTHING: StandingLayers = { layers: [], problems: [] };

function refuse(layer: PolicyLayerName, file: string, message: string, hint: string): StandingLayers {
  return { layers: [], problems: [{ layer, file, message, hint }] };
}
