import { documentOf, eventOf } from "./draft-edits.ts";
import { blockedDraft, failDraft, passDraft } from "./golden-drafts.ts";
import { at, both, built, data, digests, document, failed, report, run, type Tampering, without } from "./tampering.ts";

/** Events and blockers that contradict the report, under digests that fit. */
export const tamperedEvents: readonly Tampering[] = [
  built("a log without run.started", failDraft, without("run.started"), "contradictory", "EVENT_REQUIRED_MISSING"),
  built("a log without run.completed", failDraft, without("run.completed"), "contradictory", "EVENT_REQUIRED_MISSING"),
  built(
    "events in another order",
    passDraft,
    (draft) =>
      void draft.events.splice(
        2,
        2,
        ...draft.events
          .slice(2, 4)
          .reverse()
          .map((event) => ({ ...event, at: draft.events[2]?.at ?? "" })),
      ),
    "contradictory",
    "EVENT_ORDER_BROKEN",
  ),
  built(
    "an event that happened twice",
    passDraft,
    (draft) => void draft.events.splice(3, 0, { ...eventOf(draft, "plan.updated") }),
    "contradictory",
    "EVENT_ORDER_BROKEN",
  ),
  built(
    "an event log whose clock goes back",
    passDraft,
    at("engine.completed", "2026-11-20T06:01:01.000Z"),
    "contradictory",
    "EVENT_CLOCK_BACKWARDS",
  ),
  built(
    "an event before the run",
    passDraft,
    at("run.started", "2026-11-20T05:59:00.000Z"),
    "contradictory",
    "CLOCK_BACKWARDS",
  ),
  built(
    "an event after the run",
    passDraft,
    both(at("verification.completed", "2026-11-20T07:00:00.000Z"), at("run.completed", "2026-11-20T07:00:00.000Z")),
    "contradictory",
    "CLOCK_BACKWARDS",
  ),
  built(
    "a run that ends before it starts",
    passDraft,
    both(run({ finished_at: "2026-11-20T06:00:00.000Z" }), report({ run_finished_at: "2026-11-20T06:00:00.000Z" })),
    "contradictory",
    "CLOCK_BACKWARDS",
  ),
  built(
    "run.completed with another status",
    failDraft,
    data("run.completed", { status: "pass" }),
    "contradictory",
    "EVENT_STATUS_DIFFERS",
  ),
  built(
    "a failed run called blocked",
    failDraft,
    both(report({ status: "blocked" }), data("run.completed", { status: "blocked" })),
    "contradictory",
    "STATUS_CONTRADICTED",
    "NO_EFFECT_MISSING",
  ),
  built(
    "a blocked run called failed",
    blockedDraft,
    both(report({ status: "fail" }), data("run.completed", { status: "fail" })),
    "contradictory",
    "STATUS_CONTRADICTED",
  ),
  built(
    "a failed run without blocker",
    failDraft,
    both(report({ blockers: [] }), data("verification.completed", { blockers: [] })),
    "contradictory",
    "STATUS_WITHOUT_BLOCKER",
    "EVENT_DATA_DIFFERS",
  ),
  built(
    "a failed run called a pass",
    failDraft,
    both(
      report({ status: "pass", blockers: [] }),
      data("verification.completed", { blockers: [] }),
      data("run.completed", { status: "pass" }),
    ),
    "contradictory",
    "EVENT_DATA_DIFFERS",
    "PASS_WITH_FAILED_VERIFICATION",
  ),
  built(
    "a blocker under another event",
    failDraft,
    (draft) =>
      void Object.assign((documentOf(draft, "report.json").blockers as object[])[0] ?? {}, { event: "run.completed" }),
    "contradictory",
    "BLOCKER_EVENT_WRONG",
  ),
  built(
    "a blocker that its event does not list",
    failDraft,
    data("verification.completed", { blockers: [] }),
    "contradictory",
    "BLOCKER_NOT_IN_EVENTS",
  ),
  built(
    "a blocker without its event",
    failDraft,
    without("verification.completed"),
    "contradictory",
    "BLOCKER_NOT_IN_EVENTS",
    "EVENT_REQUIRED_MISSING",
  ),
  built(
    "a blocker that the report leaves out",
    failDraft,
    data("run.completed", { blockers: ["timeout"] }),
    "contradictory",
    "BLOCKER_NOT_REPORTED",
  ),
  ...(
    [
      ["no_diff", "fail", {}],
      ["missing_required_event", "fail", {}],
      ["verification_failed", "fail", {}],
      ["disallowed_file_change", "fail", {}],
      ["forbidden_path_change", "fail", {}],
      ["claim_mismatch", "fail", {}],
    ] as const
  ).map(([code, status, fields]) =>
    built(
      `${code} that the report denies`,
      passDraft,
      failed(code, status, fields),
      "contradictory",
      "BLOCKER_CONTRADICTED",
    ),
  ),
  built(
    "source_mutated with equal digests",
    passDraft,
    both(
      failed("source_mutated", "fail"),
      document("proofs/tree-state.json", { source_before: digests, source_after: digests }),
    ),
    "contradictory",
    "BLOCKER_CONTRADICTED",
    "EVENT_DATA_DIFFERS",
  ),
  built(
    "a changed source that nobody mentions",
    passDraft,
    document("proofs/tree-state.json", { source_before: digests, source_after: { ...digests, refs: "b0".repeat(32) } }),
    "contradictory",
    "EVENT_DATA_DIFFERS",
    "SOURCE_CHANGED",
  ),
];
