import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@cto/bundle-store";
import type { Stage } from "@cto/evidence-interface";
import { beforeAll, expect, it } from "vitest";
import {
  accept,
  admitTarget,
  climb,
  copyPlace,
  createPlace,
  git,
  type Place,
  runApproved,
  runAt,
} from "../__fixtures__/ladder-kit.ts";
import { codesOf, type KitOptions } from "../__fixtures__/run-kit.ts";

let climbed: Place;
beforeAll(async () => {
  climbed = await createPlace();
  git(climbed.target, "commit", "-q", "--allow-empty", "-m", "Second");
  await climb(climbed, 4);
});

/** A pass at a stage whose bundle verifies; at stage 5 it is accepted, and the target stays clean. */
async function pass(place: Place, stage: Stage, options: KitOptions = {}): Promise<void> {
  const run = await runApproved(place, stage, options);
  expect([codesOf(run), run.verified.verdict]).toEqual([[], "unsigned"]);
  if (stage !== 5) return;
  await accept(place, run);
  expect(git(place.target, "show", `cto/${run.outcome.runId}:a.txt`)).toBe("new");
}

it("stage 4 from an earlier commit", async () => {
  const place = copyPlace(climbed);
  await pass(place, 4, { target: { directory: place.target, ref: "HEAD~1" } });
});

it("a linked work tree beside one with uncommitted work", async () => {
  const place = copyPlace(climbed);
  const linked = join(place.root, "linked");
  git(place.target, "worktree", "add", "-q", linked);
  writeFileSync(join(place.target, "a.txt"), "half done\n");
  admitTarget(place, { target_repository_path: "../linked" });
  await pass({ ...place, target: linked }, 5);
  expect(git(linked, "status", "--porcelain")).toBe("");
  expect(git(place.target, "status", "--porcelain")).toBe("M a.txt");
});

it("a bare repository", async () => {
  const place = copyPlace(climbed);
  git(place.root, "clone", "-q", "--bare", place.target, "bare.git");
  admitTarget(place, { target_repository_path: "../bare.git" });
  const there = { ...place, target: join(place.root, "bare.git") };
  await pass(there, 4);
  await pass(there, 5);
});

it("a detached HEAD", async () => {
  const place = copyPlace(climbed);
  git(place.target, "checkout", "-q", "--detach");
  await pass(place, 4);
  await pass(place, 5);
});

it("SHA-256 object names", async () => {
  const place = await createPlace();
  rmSync(join(place.target, ".git"), { recursive: true });
  git(place.target, "init", "-q", "-b", "main", "--object-format=sha256");
  git(place.target, "add", "-A");
  git(place.target, "commit", "-q", "-m", "First");
  await climb(place, 4);
  await pass(place, 5);
});

it("a home that is the target itself", async () => {
  const elsewhere = await createPlace();
  const { target } = elsewhere;
  execFileSync("cp", ["-a", "--", join(elsewhere.store.home, "cto"), target]);
  const place = { ...elsewhere, store: openStore({ home: target }) };
  admitTarget(place, { target_repository_path: "." });
  await climb(place, 2);
  git(target, "add", "-A");
  git(target, "commit", "-q", "-m", "Rules and records");
  expect(codesOf(await runAt(place, 3))).toEqual([]);
  await pass(place, 4);
  await pass(place, 5);
  expect(git(target, "status", "--porcelain")).toBe("");
});
