import { createHash } from "node:crypto";
import type { Baseline } from "./workspace-contract.ts";

/** What the commit of a landing is made of. */
export interface LandingCommit {
  readonly tree: string;
  readonly parent: string;
  /** Whole message; a final LF is added if there is none. */
  readonly message: string;
  /** Author and committer time; cut to whole seconds. */
  readonly at: Date;
}

/** Nobody's own name: who accepted stands in the outcome, signed, and a name of the machine's configuration would change the id. */
const identity = "cto <cto@cto.invalid>";

/** The bytes of the commit object. Source: git-hash-object(1), gitformat "commit". */
export function toCommitText({ tree, parent, message, at }: LandingCommit): string {
  const stamp = `${identity} ${Math.floor(at.getTime() / 1000)} +0000`;
  const body = message.endsWith("\n") ? message : `${message}\n`;
  return `tree ${tree}\nparent ${parent}\nauthor ${stamp}\ncommitter ${stamp}\n\n${body}`;
}

/**
 * The id of the commit that `landResult` makes of the same values: known before anything is written, so that a record can name it first. The same
 * values give the same id on every machine.
 */
export function toLandingCommitId(commit: LandingCommit, objectFormat: Baseline["objectFormat"]): string {
  const text = toCommitText(commit);
  return createHash(objectFormat)
    .update(`commit ${Buffer.byteLength(text)}\0${text}`)
    .digest("hex");
}
