import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@cto/bundle-store";
import { beforeAll, expect, it } from "vitest";
import { accept, admitTarget, climb, copyPlace, createPlace, git, type Place, runApproved, runAt } from "../__fixtures__/ladder-kit.ts";
import { codesOf, createFolder, messageOf, writeFiles } from "../__fixtures__/run-kit.ts";

let climbed: Place;
beforeAll(async () => { climbed = await createPlace(); git(climbed.target, "commit", "-q", "--allow-empty", "-m", "two"); await climb(climbed, 4); });

it("ref at 4", async () => {
  const place = copyPlace(climbed);
  const run = await runApproved(place, 4, { target: { directory: place.target, ref: "HEAD~1" } });
  expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
});
it("linked target, main dirty", async () => {
  const place = copyPlace(climbed);
  const linked = join(place.root, "linked");
  git(place.target, "worktree", "add", "-q", linked);
  writeFileSync(join(place.target, "a.txt"), "dirty\n");
  admitTarget(place, { target_repository_path: "../linked" });
  const there = { ...place, target: linked };
  const run = await runApproved(there, 5);
  expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
  await accept(there, run);
  expect(git(linked, "status", "--porcelain")).toBe("");
});
it("bare, shallow", async () => {
  const place = copyPlace(climbed);
  git(place.root, "clone", "-q", "--bare", place.target, "bare.git");
  for (const stage of [4, 5] as const) {
    admitTarget(place, { target_repository_path: "../bare.git" });
    const there = { ...place, target: join(place.root, "bare.git") };
    const run = await runApproved(there, stage);
    expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
    if (stage === 5) await accept(there, run);
  }
});
it("detached HEAD", async () => {
  const place = copyPlace(climbed);
  git(place.target, "checkout", "-q", "--detach");
  for (const stage of [4, 5] as const) {
    const run = await runApproved(place, stage);
    expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
    if (stage === 5) await accept(place, run);
  }
});
it("home is the target", async () => {
  const root = createFolder();
  const base = await createPlace(root);
  // records in the target itself
  const target = base.target;
  execFileSync("cp", ["-a", join(base.store.home, "cto"), target]);
  writeFiles(target, { "cto/admissions/site.json": "" });
  const place: Place = { ...base, store: openStore({ home: target }), target };
  admitTarget(place, { target_repository_path: "." });
  git(target, "add", "-A"); git(target, "commit", "-q", "-m", "cto");
  // exemptions are written by climb: commit them
  try { await climb(place, 2); } catch (e) { console.log(String(e)); }
  git(target, "add", "-A"); git(target, "commit", "-q", "-m", "cto");
  console.log(git(target, "status", "--porcelain", "--ignored"));
  const three = await runAt(place, 3);
  expect([codesOf(three), messageOf(three)]).toEqual([[], ""]);
  for (const stage of [4, 5] as const) {
    const run = await runApproved(place, stage);
    expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
    if (stage === 5) await accept(place, run);
  }
  expect(git(target, "status", "--porcelain")).toBe("");
});
it("sha256", async () => {
  const root = createFolder();
  const place = await createPlace(root);
  execFileSync("rm", ["-rf", join(place.target, ".git")]);
  git(place.target, "init", "-q", "-b", "main", "--object-format=sha256"); git(place.target, "add", "-A"); git(place.target, "commit", "-q", "-m", "First");
  await climb(place, 4);
  const run = await runApproved(place, 5);
  expect([codesOf(run), messageOf(run), run.verified.verdict]).toEqual([[], "", "unsigned"]);
  await accept(place, run);
});
