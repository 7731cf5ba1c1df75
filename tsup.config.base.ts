import { defineConfig, type Options } from "tsup";

/** The one build recipe of every library in this workspace: ESM, types, no minification. */
export function libraryConfig(overrides: Options = {}) {
  return defineConfig({
    entry: ["src/index.ts"],
    format: ["esm"],
    target: "node20",
    dts: true,
    clean: true,
    sourcemap: false,
    treeshake: true,
    ...overrides,
  });
}
