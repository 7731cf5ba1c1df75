import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { type CliResult, createHome, startCli } from "./cli-kit.ts";

export const organisation = `schema: cto.policy.v1
allowed_paths: [src/, docs/]
forbidden_paths:
  - src/vendor/
forbidden_actions: [push]
engines: [fake]
models: [local/small]
`;
export const task = `schema: cto.task.v1
id: one
title: T
brief: B
allowed_paths:
  - src/a/
verification: [{id: a, run: ["true"]}]
`;

export function homeWith(files: Readonly<Record<string, string>>): string {
  const home = createHome();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  return home;
}

export function policy(home: string, args: readonly string[], orgPolicy = join(home, "org.yaml")): Promise<CliResult> {
  return startCli(home, ["policy", ...args], { env: { CTO_ORG_POLICY: orgPolicy } }).result;
}

const git = (folder: string, ...args: readonly string[]) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args]);

/** A repository with one commit beneath a home. */
export function createTarget(home: string, name = "target"): string {
  const target = join(home, name);
  execFileSync("git", ["init", "-q", target]);
  git(target, "commit", "-qm", "first", "--allow-empty");
  return realpathSync(target);
}

export const approved = ["--approval-source", "the owner", "--review-trigger", "a new owner"];

/** Has the owner admit a target, with one allowed folder; what it forbids comes as further options. */
export async function admitTarget(home: string, target: string, allowed: string, ...more: readonly string[]): Promise<void> {
  const said = ["--repository-owner", "us", "--ownership-evidence", "us", "--noncritical-rationale", "small"];
  const args = ["admit", "target", target, ...said, "--allowed-path", allowed, ...more, ...approved];
  const { code, stderr } = await startCli(home, args).result;
  expect([code, stderr]).toEqual([0, ""]);
}

export const nameless = { "org.yaml": "schema: cto.policy.v1\n" };

