import type { Engine } from "@cto/engine-interface";
import { SCHEMAS } from "@cto/evidence-interface";
import {
  type LadderItem,
  type LadderSubject,
  type RecordFacts,
  toEffectivePolicy,
  toStandingPolicyDigest,
} from "@cto/gates";
import { readPolicyLayers } from "@cto/harness";
import { createEngines, orgPolicy, PROBE_INPUT, type Setting } from "../setting.ts";
import { sha256 } from "./read-evidence.ts";

/** Who could stand on the ladder now: the engines as they are installed, under the policy as it is. */
export interface PresentSubjects {
  readonly subjects: readonly LadderSubject[];
  /** Sentences on what could not be told. */
  readonly notes: readonly string[];
  /** Why an entry of the ladder is not of the present; null if it is. */
  whyStale(item: LadderItem): string | null;
}

interface PresentEngine {
  readonly id: string;
  readonly needsModel: boolean;
  readonly version: string;
  readonly executable_sha256: string;
}

/** Probes the engines and reads the policy. `engineId` narrows it to one; `targetId` is the target that is asked about, if one is. */
export async function findPresentSubjects(
  { home, store }: Setting,
  records: RecordFacts,
  { engineId, targetId }: { readonly engineId: string | null; readonly targetId: string | null },
): Promise<PresentSubjects> {
  const { layers, problems } = readPolicyLayers({ home, orgPolicy: orgPolicy() });
  const policy = problems.length > 0 ? null : toStandingPolicyDigest(toEffectivePolicy(layers, 1), sha256);
  const asked = createEngines().filter((engine) => engineId === null || engine.describe().id === engineId);
  const probes = await Promise.all(asked.map((engine) => probe(engine, store.fileDigest)));
  const engines = probes.flatMap((found) => (typeof found === "string" ? [] : [found]));
  const toSubject = (
    { executable_sha256, id, version }: PresentEngine,
    model: LadderSubject["model"],
  ): readonly LadderSubject[] =>
    policy === null
      ? []
      : [{ engine: { id, version, executable_sha256 }, model, standing_policy_digest: policy, target_id: targetId }];
  return {
    subjects: engines.flatMap((engine) => modelsOf(engine, records).flatMap((model) => toSubject(engine, model))),
    notes: [
      ...problems.map(
        ({ file, layer, message }) =>
          `the ${layer} policy cannot be read, so nothing is proven under it: ${file} ${message}`,
      ),
      ...probes.filter((found) => typeof found === "string"),
    ],
    whyStale: (item) => whyStale(item, engines, policy),
  };
}

async function probe(engine: Engine, fileDigest: (file: string) => Promise<string>): Promise<PresentEngine | string> {
  const { id, needs_model } = engine.describe();
  const found = await engine.doProbe(PROBE_INPUT);
  if (found.kind !== "ready") return `${id} is not ready: ${found.message} ${found.hint}`;
  return { id, needsModel: needs_model, version: found.version, executable_sha256: await fileDigest(found.executable) };
}

/** An engine that needs a model stands there once for each admitted one; others that it ran with come with their bundles. */
function modelsOf({ needsModel }: PresentEngine, { records }: RecordFacts): readonly LadderSubject["model"][] {
  if (!needsModel) return [null];
  return records.flatMap(({ record }) =>
    record.schema === SCHEMAS.modelAdmission && record.status === "admitted"
      ? [{ provider: record.provider, model: record.model }]
      : [],
  );
}

function whyStale(
  { engine, standing_policy_digest }: LadderItem,
  present: readonly PresentEngine[],
  policy: string | null,
): string | null {
  const now = present.find(({ id }) => id === engine.id);
  if (now === undefined) return `${engine.id} is not ready on this machine`;
  if (now.version !== engine.version) return `${engine.id} is at version ${now.version} now`;
  if (now.executable_sha256 !== engine.executable_sha256) return `the executable of ${engine.id} is another one now`;
  return standing_policy_digest === policy ? null : "the policy of organisation and repository is another one now";
}
