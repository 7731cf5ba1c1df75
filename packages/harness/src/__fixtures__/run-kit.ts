import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store, verifyRunDirectory } from "@cto/bundle-store";
import type { GovernedEvent, Report, VerifyResult } from "@cto/evidence-interface";
import { afterAll } from "vitest";
import type { ProgressEvent, RunOutcome } from "../index.ts";
import { type GivenOptions, runGiven, type TaskOptions, writeTask } from "./governed-run.ts";

export { writeFiles } from "./governed-run.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the tests of its file, which may share it or run side by side. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cto-harness-"));
  folders.push(folder);
  return folder;
}

export interface KitOptions extends TaskOptions, GivenOptions {
  /** The home's; without it every run has a home of its own. */
  readonly store?: Store;
}

/** A finished run and the parts of its bundle that tests look at. */
export interface SeenRun {
  readonly outcome: RunOutcome;
  readonly report: Report;
  readonly events: readonly GovernedEvent[];
  readonly verified: VerifyResult;
  readonly store: Store;
  read(name: string): string;
}

/** Runs one task of our own, in a folder of its own. */
export async function runKit(options: KitOptions = {}): Promise<SeenRun> {
  const folder = createFolder();
  writeTask(folder, options);
  const store = options.store ?? openStore({ home: createFolder() });
  const outcome = await runGiven(folder, store, options);
  if (outcome.fault !== null) throw outcome.fault;
  return seeRun(outcome, store);
}

/** Reads the bundle of a run that has ended. */
function seeRun(outcome: RunOutcome, store: Store): SeenRun {
  const read = (name: string) => readFileSync(join(outcome.directory, name), "utf8");
  return {
    outcome,
    report: JSON.parse(read("report.json")) as Report,
    events: read("events.normalized.jsonl").trim().split("\n").map((line) => JSON.parse(line) as GovernedEvent),
    verified: verifyRunDirectory(outcome.directory),
    store,
    read,
  };
}

/** Codes of a run's blockers, the deciding one first. */
export function codesOf({ outcome }: SeenRun): readonly string[] {
  return outcome.blockers.map(({ code }) => code);
}

/** Names of the governed events, in order. */
export function eventsOf({ events }: SeenRun): readonly string[] {
  return events.map(({ event }) => event);
}

/** The message of the deciding blocker. */
export function messageOf({ outcome }: SeenRun): string {
  return outcome.blockers[0]?.message ?? "";
}

/** Does something as soon as a step of the run begins. */
export function during(step: ProgressEvent["step"], work: () => void): KitOptions {
  return {
    onProgress: (event) => {
      if (event.step === step && event.state === "started") work();
    },
  };
}
