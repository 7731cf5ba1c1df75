import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { ENGINE_CONTRACT, type Engine, type EngineProbe, type EngineSession } from "@cto/engine-interface";
import { CtoError, messageOf, systemCode } from "@cto/errors";
import manifest from "../package.json" with { type: "json" };
import { parseFakeScript } from "./parse-fake-script.ts";
import { runFakeScript } from "./run-fake-script.ts";

export interface FakeEngineOptions {
  /** Absolute path on the host of the executable: `@cto/engine-fake/fake-engine`, one file without dependencies. */
  readonly executable: string;
  /** Absolute path on the host of the Node that runs it. Without it `node` of the tool chain does. */
  readonly node?: string;
}

/**
 * The engine that does what a script says: `fake.yaml` beside the task file. Its process is started like that of any other engine, as
 * `node <executable>` with the script on standard input. It needs no model.
 */
export function createFakeEngine(options: FakeEngineOptions): Engine {
  const mount = { host: options.executable, inside: insidePath(options.executable) };
  const node = options.node === undefined ? null : { host: options.node, inside: "/opt/cto/engine-fake/node" };
  return {
    describe: () => ({
      contract: ENGINE_CONTRACT,
      id: "fake",
      title: "Scripted engine: does what fake.yaml says",
      needs_model: false,
      claims: ["files", "tests_passed", "committed", "summary"],
    }),
    doProbe: async (input) => {
      const problem = probeScript(input) ?? (await probeExecutable(options.executable));
      if (problem !== undefined) return problem;
      return {
        kind: "ready",
        version: manifest.version,
        executable: options.executable,
        mounts: node === null ? [mount] : [mount, node],
      };
    },
    doRun: (session) => {
      if (session.input === null) throw noScript();
      return runFakeScript(session, parseFakeScript(session.input), [node?.inside ?? "node", mount.inside]);
    },
  };
}

// Alone in its folder the file has no package.json that tells Node its module format; the suffix does.
function insidePath(executable: string): string {
  return `/opt/cto/engine-fake/fake-engine${extname(executable).endsWith("ts") ? ".mts" : ".mjs"}`;
}

type Missing = Extract<EngineProbe, { readonly kind: "missing" }>;

function probeScript(input: EngineSession["input"]): Missing | undefined {
  try {
    if (input === null) throw noScript();
    parseFakeScript(input);
    return undefined;
  } catch (thrown) {
    if (CtoError.is(thrown)) return { kind: "missing", message: thrown.message, hint: thrown.hint };
    throw thrown;
  }
}

function noScript(): CtoError<"FAKE_SCRIPT_MISSING"> {
  return new CtoError("FAKE_SCRIPT_MISSING", "there is no fake.yaml beside the task file", {
    hint: "Write one beside the task file, for instance: {schema: cto.fake-script.v1, steps: [{write: {path: hello.txt, text: hello}}]}",
  });
}

async function probeExecutable(path: string): Promise<Missing | undefined> {
  const hint = "Reinstall @cto/engine-fake, or build it: pnpm --filter @cto/engine-fake build.";
  try {
    const isFile = (await stat(path)).isFile();
    return isFile ? undefined : { kind: "missing", message: "the fake's executable is not a file", hint };
  } catch (thrown) {
    return {
      kind: "missing",
      message: `the fake's executable cannot be read (${systemCode(thrown) ?? messageOf(thrown)})`,
      hint,
    };
  }
}
