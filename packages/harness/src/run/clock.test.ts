import { expect, it } from "vitest";
import { createClock } from "./clock.ts";

it("a wall clock that is set back does not turn time round", () => {
  let wall = 1_000_000;
  let monotonic = 0;
  const clock = createClock(
    () => wall,
    () => monotonic,
  );
  monotonic = 50;
  wall = 10;
  expect(clock.now().getTime()).toBe(1_000_050);
  expect(clock.elapsedMs()).toBe(50);
  expect(clock.startedAt.getTime()).toBe(1_000_000);
});
