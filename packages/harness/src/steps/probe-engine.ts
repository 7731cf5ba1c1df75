import type { EngineProbe } from "@cto/engine-interface";
import { CtoError, messageOf } from "@cto/errors";
import { type GateFact, OPEN_GATE } from "@cto/gates";
import { readEngineInput } from "../case/load-task.ts";
import type { RunContext } from "../run/run-context.ts";
import { sha256 } from "../run/run-record.ts";

/** The probe of an engine that may start, with what it will be given. */
export interface ReadyEngine {
  readonly probe: Extract<EngineProbe, { kind: "ready" }>;
  readonly input: { readonly file: string; readonly text: string } | null;
}

const probeLimitMs = 10_000;

/** The gate `engine-ready`; notes the engine's identity in the draft, so that also a refused run says which engine it was about. */
export async function probeEngine(
  context: RunContext,
): Promise<{ readonly fact: GateFact; readonly ready: ReadyEngine | null }> {
  const { draft, ports, request } = context;
  try {
    const input = await readEngineInput(request.loaded, request.engine.describe().id);
    const probe = await withinLimit(request.engine.doProbe(input));
    if (probe.kind !== "ready")
      return { fact: { answer: "fail", reason: `${probe.message} ${probe.hint}` }, ready: null };
    draft.engineSha256 = await ports.store.fileDigest(probe.executable);
    draft.engineVersion = probe.version;
    draft.engineInputSha256 = input === null ? null : sha256(input.text);
    for (const { host, inside } of probe.mounts) context.hider.add(host, inside);
    return { fact: OPEN_GATE, ready: { probe, input } };
  } catch (thrown) {
    if (CtoError.is(thrown))
      return { fact: { answer: "fail", reason: `${thrown.message} ${thrown.hint}` }, ready: null };
    return { fact: { answer: "undetermined", reason: `the engine's probe failed: ${messageOf(thrown)}` }, ready: null };
  }
}

function withinLimit(probe: Promise<EngineProbe>): Promise<EngineProbe> {
  const timeout = AbortSignal.timeout(probeLimitMs);
  return Promise.race([
    probe,
    new Promise<never>((_, reject) =>
      timeout.addEventListener("abort", () => reject(new Error("the probe did not answer in 10 s")), { once: true }),
    ),
  ]);
}

/** The gate `sandbox-available`; notes what holds which limit. */
export async function probeSandbox({ draft, ports }: RunContext): Promise<GateFact> {
  const probe = await ports.sandbox.probe();
  if (probe.kind === "unavailable") return { answer: "fail", reason: `${probe.message} ${probe.hint}` };
  draft.limits = probe.limits;
  return OPEN_GATE;
}
