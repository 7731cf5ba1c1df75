import { join } from "node:path";
import { decideOpen, type Wish } from "./approver-kit.ts";
import { copyPlace, createPlace, type Place, runAt } from "./ladder-kit.ts";
import { codesOf, type KitOptions, type SeenRun, writeFiles } from "./run-kit.ts";

/** A run that needs an approval, and nothing else: stage 3 of the fake stands on no rung. */
export function ask(place: Place, options: KitOptions = {}): Promise<SeenRun> {
  return runAt(place, 3, { ...options, task: { approval: { required: true }, ...options.task } });
}

/** A place where somebody was asked, and nobody has answered. */
export async function createAskedPlace(): Promise<Place> {
  const place = await createPlace();
  const codes = codesOf(await ask(place));
  if (codes.join() !== "approval_missing") throw new Error(`expected approval_missing, seen ${codes.join()}`);
  return place;
}

/** A copy of an asked place in which the question is answered. */
export async function answer(asked: Place, wish: Wish = {}): Promise<Place & { readonly packet: string }> {
  const place = copyPlace(asked);
  return { ...place, packet: await decideOpen(place.store, place.approver, wish) };
}

/** The folder of a packet. */
export function approvalFolder({ store }: Place, packet: string): string {
  return join(store.root, "approvals", packet);
}

/** A model that `admitModel` admits. */
export const localModel = { provider: "local", model: "small" };

/** Writes the records that admit the model. */
export function admitModel({ store }: Place): void {
  const common = { approval_source: "board", approval_timestamp: "2026-01-01T08:00:00.000Z", review_trigger: "never" };
  const decision = {
    schema: "cto.provider-decision.v1",
    decision: "local_provider_required",
    reason: "private",
    ...common,
  };
  const access = { credential_source: "none", network: "loopback", prices: null, status: "admitted" };
  const model = { schema: "cto.model-admission.v1", id: "local", ...common, ...localModel, ...access };
  const files = { "cto/admissions/d.json": JSON.stringify(decision), "cto/admissions/m.json": JSON.stringify(model) };
  writeFiles(store.home, files);
}
