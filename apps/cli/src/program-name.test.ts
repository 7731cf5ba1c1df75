import { describe, expect, it } from "vitest";
import { toProgramName } from "./program-name.ts";

const pnpm = { npm_lifecycle_event: "cto", npm_config_user_agent: "pnpm/12.21.0 npm/? node/v24.21.0 linux x64" };

describe("toProgramName", () => {
  it.each([
    ["the installed command", "/usr/local/bin/cto", "/home/a", {}, "cto"],
    ["the script of the checkout", "/repo/apps/cli/dist/cto.js", "/repo", pnpm, "pnpm cto"],
    [
      "another script of the checkout",
      "/repo/apps/cli/dist/cto.js",
      "/repo",
      { ...pnpm, npm_lifecycle_event: "demo" },
      "node apps/cli/dist/cto.js",
    ],
    ["node, from inside", "/repo/apps/cli/dist/cto.js", "/repo", {}, "node apps/cli/dist/cto.js"],
    ["node, from elsewhere", "/repo/apps/cli/dist/cto.js", "/home/a", {}, "node /repo/apps/cli/dist/cto.js"],
    ["a path that a shell would take apart", "/it's mine/cto.js", "/home/a", {}, "node '/it'\\''s mine/cto.js'"],
    ["npx", "/home/a/node_modules/.bin/cto", "/home/a", {}, "npx @cto/cli"],
  ])("%s", (_title, script, cwd, env, name) => {
    expect(toProgramName({ script, cwd, env })).toBe(name);
  });
});
