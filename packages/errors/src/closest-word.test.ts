import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestWord } from "./index.ts";

const keys = ["allowed_paths", "forbidden_paths", "id", "title", "verification"];

describe("closestWord", () => {
  it.each([
    ["a missing letter", "allowed_path", "allowed_paths"],
    ["two swapped letters", "verificaiton", "verification"],
    ["other separators and case", "Forbidden-Paths", "forbidden_paths"],
    ["a short word", "di", "id"],
    ["nothing near", "colour", undefined],
    ["no word", "", undefined],
  ])("%s: %s means %s", (_, word, meant) => {
    expect(closestWord(word, keys)).toBe(meant);
  });

  it("takes the nearest of several, and the first of equals", () => {
    expect(closestWord("slugify-b", ["slugify-cc", "slugify-a", "slugify-c"])).toBe("slugify-a");
  });

  it("gives up on a word that is longer than any name", () => {
    expect(closestWord("a".repeat(65), ["a".repeat(65)])).toBeUndefined();
  });

  it("finds every word that one character was taken from", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,20}$/), fc.nat(19), (word, index) => {
        const cut = index % word.length;
        expect(closestWord(word.slice(0, cut) + word.slice(cut + 1), [word])).toBe(word);
      }),
    );
  });
});
