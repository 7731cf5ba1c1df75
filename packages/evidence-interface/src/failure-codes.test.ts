import { describe, expect, test } from "vitest";
import { EVENT_ORDER, FAILURE_CODE_NAMES, FAILURE_CODES, failureEvents, isFailureCode } from "./index.ts";

describe("the failure table", () => {
  test("has the codes of the failure matrix under their event and status", () => {
    const rows = FAILURE_CODE_NAMES.map((code) => `${FAILURE_CODES[code].event} ${FAILURE_CODES[code].status} ${code}`);
    const byEvent = Object.fromEntries(
      EVENT_ORDER.map((event) => [event, rows.filter((row) => row.startsWith(`${event} `)).length]),
    );
    expect(byEvent).toMatchObject({
      "task.contract.created": 1,
      "backend.gate.blocked": 10,
      "approval.requested": 4,
      "approval.denied": 1,
      "engine.completed": 1,
      "git.diff.checked": 7,
      "verification.completed": 6,
      "run.completed": 11,
    });
    expect(rows).toContain("git.diff.checked blocked secret_leak");
    expect(rows).toContain("run.completed fail dirty_ending_tree");
    expect(FAILURE_CODE_NAMES).toHaveLength(41);
  });

  test("lets the provider codes, and only them, stand in run.completed as well", () => {
    const twice = FAILURE_CODE_NAMES.filter((code) => failureEvents(code).length > 1);
    expect(twice).toEqual(["provider_auth_unavailable", "provider_config_missing", "provider_response_shape"]);
    for (const code of twice) expect(failureEvents(code)).toEqual(["backend.gate.blocked", "run.completed"]);
    expect(failureEvents("no_diff")).toEqual(["git.diff.checked"]);
  });

  test("knows its own codes and no property of an object", () => {
    expect(isFailureCode("no_diff")).toBe(true);
    expect(isFailureCode("toString")).toBe(false);
  });
});
