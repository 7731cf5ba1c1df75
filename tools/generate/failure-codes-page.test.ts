import { expect, test } from "vitest";
import { toFailureCodesPage } from "./failure-codes-page.mjs";

test("writes one row per code, grouped by event, with cell borders and tags made harmless", () => {
  const entry = { status: "fail", meaning: "m", mender: "engine", hint: "a | b in <run-id>" };
  const page = toFailureCodesPage({
    one: { ...entry, event: "x" },
    two: { ...entry, event: "y" },
    three: { ...entry, event: "x" },
  });
  const row = (code: string) => `| \`${code}\` | fail | m | engine | a \\| b in &lt;run-id> |`;
  const head = "| code | status | meaning | who can mend it | what to do |\n|---|---|---|---|---|";
  expect(page.slice(page.indexOf("## "))).toBe(
    `## x\n\n${head}\n${row("one")}\n${row("three")}\n\n## y\n\n${head}\n${row("two")}\n`,
  );
});
