import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type ClaimKind,
  ENGINE_CONTRACT,
  type Engine,
  type EngineOutcome,
  type EngineProbe,
  type EngineSession,
} from "./index.ts";

const still: Engine = {
  describe: () => ({
    contract: ENGINE_CONTRACT,
    id: "still",
    title: "Does nothing",
    needs_model: false,
    claims: [],
  }),
  doProbe: async () => ({ kind: "missing", message: "there is none", hint: "write one" }),
  doRun: async (session) => {
    const { end } = await session.spawn({ argv: ["true"] });
    return { kind: "completed", end, terminal_event_seen: false, claims: {} };
  },
};

// Most of this is judged when the package is type-checked: `@ts-expect-error` fails where nothing is wrong.
describe("Engine", () => {
  it("is satisfied by a plain object that uses nothing but its session", async () => {
    const started: (readonly string[])[] = [];
    const session: EngineSession = {
      contract: ENGINE_CONTRACT,
      run_id: "run-1",
      workspace: "/workspace",
      task: {
        id: "t",
        title: "T",
        brief: "b",
        allowed_paths: [],
        forbidden_paths: [],
        forbidden_actions: [],
        verification: [],
      },
      input: null,
      model: null,
      spawn: async ({ argv }) => {
        started.push(argv);
        return { end: { kind: "exited", code: 0 }, left_behind: 0, truncated: false };
      },
      emit: () => {},
      signal: new AbortController().signal,
      deadline: 0,
    };
    expect(await still.doRun(session)).toEqual({
      kind: "completed",
      end: { kind: "exited", code: 0 },
      terminal_event_seen: false,
      claims: {},
    });
    expect(started).toEqual([["true"]]);
  });

  it("refuses an adapter of another version", () => {
    const other = { ...still, describe: () => ({ ...still.describe(), contract: "cto.engine.v2" as const }) };
    // @ts-expect-error the contract's version is a literal
    const refused: Engine = other;
    expect(refused.describe().contract).not.toBe(ENGINE_CONTRACT);
  });

  it("refuses a claim that the evidence does not know", () => {
    const boasting = { ...still, describe: () => ({ ...still.describe(), claims: ["quality"] as const }) };
    // @ts-expect-error no such kind of claim
    const refused: Engine = boasting;
    expect(refused.describe().claims).toEqual(["quality"]);
  });

  it("refuses an adapter that cannot be probed", () => {
    const { doProbe: _, ...unprobed } = still;
    // @ts-expect-error doProbe is missing
    const refused: Engine = unprobed;
    expect("doProbe" in refused).toBe(false);
  });

  it("knows the kinds of claims by name", () => {
    expectTypeOf<ClaimKind>().toEqualTypeOf<"files" | "tests_passed" | "committed" | "summary">();
  });

  it("gives an exit code only to a process that exited, and an executable only to a ready probe", () => {
    expectTypeOf<Extract<EngineOutcome["end"], { code: number }>["kind"]>().toEqualTypeOf<"exited">();
    expectTypeOf<Extract<EngineProbe, { executable: string }>["kind"]>().toEqualTypeOf<"ready">();
  });

  it("asks every outcome whether the engine's own terminal event was seen, and every failure for a message", () => {
    expectTypeOf<EngineOutcome["terminal_event_seen"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Exclude<EngineOutcome, { message: string }>["kind"]>().toEqualTypeOf<
      "completed" | "timed-out" | "canceled"
    >();
  });
});
