import { cp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { defineConfig } from "tsup";

const { version } = createRequire(import.meta.url)("./package.json") as { version: string };

const conditions = ["@cto/source", "import", "node"];

/** One app, bundled from source: no workspace package has to be built first, and nothing is looked up in node_modules at run time. */
const app = defineConfig({
  entry: { cto: "src/cto.ts" },
  format: ["esm"],
  target: "node20",
  platform: "node",
  splitting: true,
  clean: ["dist/*.js"],
  minify: true,
  noExternal: [/.*/],
  define: { __CTO_VERSION__: JSON.stringify(version) },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  esbuildOptions(options) {
    options.conditions = conditions;
    options.legalComments = "none";
  },
  async onSuccess() {
    await rm("dist/cases", { recursive: true, force: true });
    await cp("../../fixtures/cases", "dist/cases", { recursive: true, verbatimSymlinks: true });
  },
});

/** The fake's executable is shown inside the sandbox as one file, so it must not share chunks with the app. */
const fakeEngine = defineConfig({
  entry: { "fake-engine": "../../packages/engine-fake/src/bin/fake-engine.ts" },
  format: ["esm"],
  outExtension: () => ({ js: ".mjs" }),
  target: "node20",
  platform: "node",
  splitting: false,
  minify: true,
  esbuildOptions(options) {
    options.conditions = conditions;
  },
});

export default [app, fakeEngine];
