import fc from "fast-check";
import { expect, test } from "vitest";
import { scanBytesForSecrets, scanPatchForSecrets } from "./index.ts";

const token = `npm_${"a1".repeat(18)}`;
const other = `ghp_${"b2".repeat(18)}`;
const encode = (text: string) => new TextEncoder().encode(text);

test("finds the first secret of each kind between any bytes, with its line", () => {
  const bytes = Uint8Array.from([0, 255, 10, 254, ...encode(`\0${token}\n\n${token}\u00e9${other}`), 128]);
  const found = [
    { path: "a.bin", line: 2, kind: "npm-token" },
    { path: "a.bin", line: 4, kind: "github-token" },
  ];
  expect(scanBytesForSecrets("a.bin", bytes)).toEqual(found);
  expect(scanBytesForSecrets("a.bin", Buffer.from(bytes).toString("latin1"))).toEqual(found);
});

test("finds what a patch hides in a binary hunk", () => {
  const patch = ["diff --git a/a.bin b/a.bin", "new file mode 100644", "GIT binary patch", "literal 41", "zcmZ"];
  expect(scanPatchForSecrets(patch)).toEqual([]);
  expect(scanBytesForSecrets("a.bin", encode(`\0${token}`))).toEqual([{ path: "a.bin", line: 1, kind: "npm-token" }]);
});

test.each<[string, BufferEncoding, boolean]>([
  ["little", "utf16le", false],
  ["big", "utf16le", true],
])("finds a secret in UTF-16, %s end first", (_what, encoding, swap) => {
  const bytes = Buffer.from(`\ufeffx\n ${token} `, encoding);
  if (swap) bytes.swap16();
  expect(scanBytesForSecrets("a.txt", bytes)).toEqual([{ path: "a.txt", line: 2, kind: "npm-token" }]);
});

test("finds a secret wherever it stands in a large file, with its line", () => {
  const mebibyte = 1024 * 1024;
  fc.assert(
    fc.property(fc.integer({ min: -600, max: 600 }), fc.constantFrom(1, 2), fc.boolean(), (by, times, wide) => {
      const at = mebibyte * times + by;
      const bytes = Buffer.alloc(at + 4096, 1);
      bytes[10] = bytes[mebibyte - 700] = 10;
      bytes.write(wide ? [...token].join("\0") : token, at, "latin1");
      expect(scanBytesForSecrets("a.bin", bytes)).toEqual([{ path: "a.bin", line: 3, kind: "npm-token" }]);
    }),
    { numRuns: 60 },
  );
});

test("finds nothing in bytes without a secret", () => {
  expect(scanBytesForSecrets("a.bin", new Uint8Array())).toEqual([]);
  expect(
    scanBytesForSecrets(
      "a.bin",
      Uint8Array.from({ length: 3000 }, (_, index) => index % 256),
    ),
  ).toEqual([]);
});
