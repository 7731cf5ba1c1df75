import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_ORG_POLICY, readPolicyLayers } from "../index.ts";
import { createHome } from "./__fixtures__/home-kit.ts";

const config = "cto/config.yaml";
const repository = "schema: cto.config.v1\npolicy:\n  engines: [fake]\n";
const organisation = "schema: cto.policy.v1\nforbidden_paths: [secret/]\n";

/** An organisation's policy that says nothing: these tests must not depend on what the machine has at the default place. */
function silentPolicy(): string {
  return join(createHome({ "org.yaml": "schema: cto.policy.v1\n" }), "org.yaml");
}

describe("the organisation's layer", () => {
  it("is read from the place that CTO_ORG_POLICY names, and shown by that name", () => {
    const orgPolicy = join(createHome({ "org.yaml": organisation }), "org.yaml");
    const { layers, problems } = readPolicyLayers({ home: createHome(), orgPolicy });
    expect(problems).toEqual([]);
    expect(layers).toEqual([expect.objectContaining({ layer: "organisation", file: orgPolicy })]);
    expect(layers[0]?.says.forbidden_paths).toEqual(["secret/"]);
    expect(layers[0]?.places.get("forbidden_paths[0]")).toEqual({ line: 2, column: 19 });
  });

  it("has a default place", () => {
    expect(DEFAULT_ORG_POLICY).toBe("/etc/cto/policy.yaml");
  });

  it.each<[string, (folder: string) => void, string]>([
    ["does not exist", () => {}, "does not exist"],
    [
      "is a link",
      (folder) => symlinkSync(join(folder, "good.yaml"), join(folder, "org.yaml")),
      "is a symbolic link, expected a plain file",
    ],
    [
      "is a link to nowhere",
      (folder) => symlinkSync("no", join(folder, "org.yaml")),
      "is a symbolic link, expected a plain file",
    ],
    ["is a folder", (folder) => mkdirSync(join(folder, "org.yaml")), "is a directory, expected a plain file"],
    [
      "is a named pipe",
      (folder) => execFileSync("mkfifo", [join(folder, "org.yaml")]),
      "is no regular file, expected a plain file",
    ],
    [
      "is larger than 1 MiB",
      (folder) => writeFileSync(join(folder, "org.yaml"), "#".repeat(1024 * 1024 + 1)),
      "is larger than 1048576 bytes, expected a plain file",
    ],
  ])("is a problem, never a default, if its file %s", (_, spoil, message) => {
    const folder = createHome({ "good.yaml": organisation });
    spoil(folder);
    const file = join(folder, "org.yaml");
    expect(readPolicyLayers({ home: createHome(), orgPolicy: file })).toEqual({
      layers: [],
      problems: [{ layer: "organisation", file, message, hint: expect.stringContaining("CTO_ORG_POLICY") }],
    });
  });

  it.each(["", "schema: cto.policy.v2\n", "schema: cto.policy.v1\nforbiden_paths: []\n", "\u0000", "a: &x 1\nb: *x\n"])(
    "is a problem if its file says %j",
    (text) => {
      const file = join(createHome({ "org.yaml": text }), "org.yaml");
      const { layers, problems } = readPolicyLayers({ home: createHome(), orgPolicy: file });
      expect(layers).toEqual([]);
      expect(problems).toEqual([
        { layer: "organisation", file, message: expect.stringContaining(`${file}:`), hint: expect.stringMatching(/./) },
      ]);
    },
  );

  it("is a problem if CTO_ORG_POLICY is set and empty", () => {
    const { problems } = readPolicyLayers({ home: createHome(), orgPolicy: "" });
    expect(problems).toMatchObject([{ layer: "organisation", file: "CTO_ORG_POLICY", message: "names no file" }]);
  });
});

describe("the repository's layer", () => {
  it("is the key policy of cto/config.yaml", () => {
    const { layers, problems } = readPolicyLayers({
      home: createHome({ [config]: repository }),
      orgPolicy: silentPolicy(),
    });
    expect(problems).toEqual([]);
    expect(layers.map(({ layer, file }) => [layer, file])[1]).toEqual(["repository", config]);
    expect(layers[1]?.says.engines).toEqual(["fake"]);
  });

  it("is absent without a configuration, and silent in one without the key", () => {
    expect(readPolicyLayers({ home: createHome(), orgPolicy: silentPolicy() }).layers).toHaveLength(1);
    const home = createHome({ [config]: "schema: cto.config.v1\n" });
    expect(readPolicyLayers({ home, orgPolicy: silentPolicy() }).layers[1]?.says).toEqual({});
  });

  it.each<[string, (home: string) => void, string, string]>([
    [
      "a configuration that is a link",
      (home) => {
        renameSync(join(home, config), join(home, "other.yaml"));
        symlinkSync("../other.yaml", join(home, config));
      },
      config,
      "is a symbolic link, expected a plain file",
    ],
    [
      "a cto folder that is a link",
      (home) => {
        renameSync(join(home, "cto"), join(home, "other"));
        symlinkSync("other", join(home, "cto"));
      },
      "cto",
      "is a symbolic link, expected a folder",
    ],
    [
      "a policy that says nonsense",
      (home) => writeFileSync(join(home, config), `${repository}  enginess: [x]\n`),
      config,
      "cto/config.yaml:4:3: ",
    ],
  ])("is a problem with %s, and the organisation's is still read", (_, spoil, file, message) => {
    const home = createHome({ [config]: repository });
    spoil(home);
    const { layers, problems } = readPolicyLayers({ home, orgPolicy: silentPolicy() });
    expect(layers.map(({ layer }) => layer)).toEqual(["organisation"]);
    expect(problems).toMatchObject([{ layer: "repository", file, message: expect.stringContaining(message) }]);
  });
});
