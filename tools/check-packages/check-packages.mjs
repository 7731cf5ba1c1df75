#!/usr/bin/env node
// @ts-check
// Checks every package as its user gets it: packed, linted, installed into an empty project, imported, its README's example run.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleForBrowser, installTarballs, runExample, usePackage } from "./consumer.mjs";
import { lintTarball, packAll } from "./pack.mjs";

/** They read and build evidence wherever it is shown: a browser included. */
const forBrowsers = ["@cto/evidence-interface", "@cto/core-bundle"];

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
const scratch = mkdtempSync(join(tmpdir(), "cto-packages-"));
try {
  const tarballs = join(scratch, "tarballs");
  const project = join(scratch, "project");
  mkdirSync(tarballs);
  const packages = packAll(root, tarballs);
  installTarballs(project, packages);
  let failed = 0;
  for (const packed of packages) {
    const problems = [
      ...(await lintTarball(root, packed)),
      ...usePackage(project, packed),
      ...runExample(root, project, packed),
      ...(forBrowsers.includes(packed.manifest.name) ? await bundleForBrowser(root, project, packed) : []),
    ];
    console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${packed.manifest.name}`);
    for (const problem of problems) console.log(problem.replaceAll(/^/gm, "     "));
    if (problems.length > 0) failed += 1;
  }
  console.log(`packages: ${packages.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && packages.length > 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
