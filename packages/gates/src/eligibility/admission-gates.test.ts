import { ADMISSION_STATUSES, STAGES } from "@cto/evidence-interface";
import { describe, expect, test } from "vitest";
import { judgeEngineGate, judgeModelGate, judgeTargetGate } from "../index.ts";

const allowed = { verdict: "allowed", why: "engines has it" } as const;
const forbidden = { verdict: "forbidden", why: "org.yaml:3 lists other engines" } as const;
const silent = { verdict: "no-rule", why: "no layer names engines" } as const;
const word = (status: (typeof ADMISSION_STATUSES)[number]) => ({
  status,
  problems: ["a.json: version is 2"],
  hint: "mend it",
});
const engine = {
  engineId: "codex",
  stage: 3,
  policy: allowed,
  optedIn: [],
  admission: { ...word("admitted"), highestStage: 6 },
} as const;

describe("the engine gate", () => {
  test("opens for an engine that policy and records admit, and for the built-in fake without either", () => {
    expect(judgeEngineGate(engine)).toEqual({ answer: "pass", reason: null });
    expect(judgeEngineGate({ ...engine, engineId: "fake", policy: silent, admission: null }).answer).toBe("pass");
  });

  test("an opt-in by environment counts only where no layer names engines", () => {
    expect(judgeEngineGate({ ...engine, policy: silent, optedIn: ["codex"] }).answer).toBe("pass");
    expect(judgeEngineGate({ ...engine, policy: silent }).reason).toBe(
      "no policy layer names engines, and codex was not opted in",
    );
    expect(judgeEngineGate({ ...engine, policy: forbidden, optedIn: ["codex"] }).reason).toBe(forbidden.why);
    expect(judgeEngineGate({ ...engine, engineId: "fake", policy: forbidden, admission: null }).answer).toBe("fail");
  });

  test.each(ADMISSION_STATUSES.filter((status) => status !== "admitted"))(
    "at stage 3 refuses %s and says what is wrong",
    (status) => {
      expect(judgeEngineGate({ ...engine, admission: { ...word(status), highestStage: 6 } })).toEqual({
        answer: "fail",
        reason: `the engine codex: ${status}, a.json: version is 2`,
        hint: "mend it",
      });
    },
  );

  test("at stage 2 tolerates a missing record and nothing else; an unresolved licence ends at stage 2", () => {
    const answers = ADMISSION_STATUSES.map(
      (status) => judgeEngineGate({ ...engine, stage: 2, admission: { ...word(status), highestStage: 6 } }).answer,
    );
    expect(answers).toEqual(["pass", "pass", "fail", "fail", "fail"]);
    const unresolved = { ...word("admitted"), highestStage: 2 };
    expect(STAGES.map((stage) => judgeEngineGate({ ...engine, stage, admission: unresolved }).answer)).toEqual([
      "pass",
      "pass",
      "fail",
      "fail",
      "fail",
      "fail",
    ]);
  });
});

describe("the model gate", () => {
  const model = { name: "acme/m1", policy: allowed, admission: word("admitted") };
  test("opens without a model for an engine that needs none, and for an admitted one", () => {
    expect(judgeModelGate({ needed: false, model: null }).answer).toBe("pass");
    expect(judgeModelGate({ needed: true, model }).answer).toBe("pass");
  });
  test("refuses a missing, a forbidden and every unadmitted model", () => {
    expect(judgeModelGate({ needed: true, model: null }).answer).toBe("fail");
    expect(judgeModelGate({ needed: false, model: { ...model, policy: forbidden } }).reason).toBe(forbidden.why);
    const answers = ADMISSION_STATUSES.map(
      (status) => judgeModelGate({ needed: false, model: { ...model, admission: word(status) } }).answer,
    );
    expect(answers).toEqual(["pass", "fail", "fail", "fail", "fail"]);
  });
});

describe("the target gate", () => {
  test("is asked at stage 5 only, and stays shut if nobody looked", () => {
    expect(STAGES.map((stage) => judgeTargetGate({ stage, policy: null, admission: null }).answer)).toEqual([
      "pass",
      "pass",
      "pass",
      "pass",
      "undetermined",
      "pass",
    ]);
  });
  test("refuses every unadmitted target, and one that a policy leaves out", () => {
    const answers = ADMISSION_STATUSES.map(
      (status) => judgeTargetGate({ stage: 5, policy: allowed, admission: word(status) }).answer,
    );
    expect(answers).toEqual(["pass", "fail", "fail", "fail", "fail"]);
    expect(judgeTargetGate({ stage: 5, policy: forbidden, admission: word("admitted") }).reason).toBe(forbidden.why);
  });
});
