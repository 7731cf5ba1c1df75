import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { normalise, parseGuide, runGuide, toRecorded } from "./run-guide.mjs";

const guide = fileURLToPath(new URL("../../docs/guides/owned-repo.md", import.meta.url));

test("docs/guides/owned-repo.md shows what a terminal shows", async () => {
  const text = readFileSync(guide, "utf8");
  const ran = await runGuide(text);
  expect(ran.commands.length).toBeGreaterThan(30);
  for (const { text: command, output, seen } of ran.commands)
    expect(`$ ${command}\n${normalise(seen.join("\n"))}`).toBe(`$ ${command}\n${normalise(output.join("\n"))}`);
  // The end of the story is what its title promises.
  expect(text).toMatch(/^accepted by ada at /m);
});

test("a guide that tells something else is caught, and written anew with what came out", async () => {
  const text = "```console\n$ echo hello > a\n$ cat a\nhullo\n$ git hash-object a\n0123456\n```\n";
  const { commands, lines } = await runGuide(text);
  expect(commands.map(({ seen }) => seen)).toEqual([[], ["hello"], ["ce013625030ba8dba906f756967f9e9ca394464a"]]);
  const differs = commands.map(({ output, seen }) => normalise(output.join("\n")) !== normalise(seen.join("\n")));
  expect(differs).toEqual([false, true, false]);
  expect(toRecorded({ commands, lines })).toContain("$ cat a\nhello\n$ git hash-object a\nce01362");
});

test("commands go over several lines, and a part of the screen may be typed again", async () => {
  const text =
    "```console\n$ cat > a <<'END'\n> one\n> END\n$ git hash-object a\n1111111111111111111111111111111111111111\n$ echo 11111111\n11111111\n```\n";
  expect(parseGuide(text).commands.map(({ text: command }) => command)).toEqual([
    "cat > a <<'END'\none\nEND",
    "git hash-object a",
    "echo 11111111",
  ]);
  const { commands } = await runGuide(text);
  expect(commands.at(-1)?.seen).toEqual(["5626abf0"]);
});
