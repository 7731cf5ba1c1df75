import { realpathSync } from "node:fs";
import { basename, relative } from "node:path";
import type { Engine } from "@cto/engine-interface";
import { CtoError, oneLine } from "@cto/errors";
import { BUILT_IN_ENGINE, type EngineIdentity } from "@cto/gates";
import { readRepository } from "@cto/git-state";
import { createEngines, type Setting } from "../setting.ts";
import { PROBED_PATH_KEY, type RecordForm, toIdentifier } from "./record-forms.ts";

/** What the argument of a form tells of the record, by key, and what a person should know about it. */
export interface Subject {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly note: string | null;
}

/** Looks at the argument of `cto admit engine|target`. Throws `CLI_USAGE`, and what `readRepository` throws for a target. */
export async function readSubject({ kind }: RecordForm, argument: string, setting: Setting): Promise<Subject> {
  if (kind === "engine") return readEngine(argument, createEngines(), setting);
  if (kind === "target") return { facts: await readTarget(argument, setting), note: null };
  return { facts: {}, note: null };
}

/** What an engine is on this machine; null if it was not found. */
export async function probeEngine(
  engine: Engine,
  { store }: Setting,
): Promise<(EngineIdentity & { readonly executable: string }) | null> {
  const probe = await engine.doProbe(null);
  if (probe.kind !== "ready") return null;
  const { executable, version } = probe;
  return { version, executable, executable_sha256: await store.fileDigest(executable) };
}

/** Version, digest and path of an engine from its probe; nothing but its id if it cannot be found. Throws `CLI_USAGE` for the built-in one. */
export async function readEngine(id: string, engines: readonly Engine[], setting: Setting): Promise<Subject> {
  if (id === BUILT_IN_ENGINE)
    throw new CtoError("CLI_USAGE", `${id} is built in and needs no admission`, {
      hint: "To keep it from running, leave it out of `engines` in a policy layer.",
    });
  const engine = engines.find((one) => one.describe().id === id);
  const probe = engine === undefined ? null : await probeEngine(engine, setting);
  if (probe === null) {
    const why =
      engine === undefined ? `this cto has no engine ${oneLine(id, 80)}` : `${id} is not found on this machine`;
    return { facts: { engine: id }, note: `${why}: its version, digest and path must be given` };
  }
  const { executable, executable_sha256: sha256, version } = probe;
  return { facts: { engine: id, version, sha256, [PROBED_PATH_KEY]: executable }, note: null };
}

async function readTarget(directory: string, { home }: Setting): Promise<Readonly<Record<string, unknown>>> {
  const { topLevel } = await readRepository(directory);
  const inner = relative(realpathSync(home), topLevel);
  const isInside = inner !== ".." && !inner.startsWith("../");
  if (isInside && inner.split("/")[0] === ".cto")
    throw new CtoError("CLI_USAGE", "the directory lies in .cto, where cto keeps its own files", {
      hint: "Admit a repository elsewhere.",
    });
  const id = toIdentifier(basename(topLevel));
  return { ...(id === undefined ? {} : { id }), target_repository_path: isInside ? inner || "." : topLevel };
}
