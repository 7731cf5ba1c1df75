// @ts-check

/**
 * The tiers of this repository: the only place where they are written down for machines. docs: CONTRIBUTING.md.
 * - `packages`: folder names below packages/ or apps/
 * - `imports`: tiers whose packages may stand in `dependencies`
 * - `also`: single packages, ours or third-party, that may stand there too; "*" for any
 * - `hermetic`: true if the source may touch neither Node nor a clock, randomness or the console
 */
export const tiers = {
  contract: {
    packages: ["errors", "evidence-interface", "engine-interface"],
    imports: ["contract"],
    also: ["zod"],
    hermetic: true,
  },
  pure: {
    packages: ["core-bundle", "gates"],
    imports: ["contract", "pure"],
    also: ["ajv", "yaml", "zod"],
    hermetic: true,
  },
  io: {
    packages: ["exec", "git-state", "bundle-store", "workspace", "sandbox", "engine-fake"],
    imports: ["contract", "pure"],
    also: ["@cto/exec", "yaml", "zod"],
    hermetic: false,
  },
  harness: {
    packages: ["harness"],
    imports: ["contract", "pure", "io"],
    also: ["yaml", "zod"],
    hermetic: false,
  },
  app: {
    packages: ["cli"],
    imports: ["contract", "pure", "io", "harness"],
    also: ["*"],
    hermetic: false,
  },
};

/** What single packages may depend on beyond their tier. */
export const exceptions = {
  exec: ["execa"],
  workspace: ["@cto/git-state"],
};

/** Modules that only one package may import: processes are started in one place. A program below src/bin/ is a place of its own. */
export const reservedModules = {
  execa: "exec",
  child_process: "exec",
  "node:child_process": "exec",
};

/** Names whose use makes a source depend on the machine or the moment. */
export const forbiddenGlobals = ["process", "console", "fetch", "performance", "Buffer"];
export const forbiddenCalls = ["Date.now", "Math.random"];

/** Packages whose sources may not import the verifier: what builds a bundle never judges it. Value: files that may all the same. */
export const verifierBan = {
  "core-bundle": /^$/,
  "bundle-store": /(^|\/)verify-[^/]*\.ts$/,
};
