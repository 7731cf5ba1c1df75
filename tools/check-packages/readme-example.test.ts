import { expect, test } from "vitest";
import { foreignImports, readExample } from "./readme-example.mjs";

test("takes the first ts fence only", () => {
  const page = "# a\n```sh\nnpm install\n```\n\n```ts\nconst a = `b`;\n\nc();\n```\n```ts\nsecond\n```\n";
  expect(readExample(page)).toBe("const a = `b`;\n\nc();\n");
  expect(readExample("# a\n```tsx\nno\n```\n")).toBeUndefined();
});

test("names the modules that a reader would have to install besides", () => {
  const example =
    'import { a } from "@cto/errors";\nimport "node:fs";\nimport { z } from \'zod\';\nawait import("@cto/errors/testing");\nimport("@cto/errors-of-others");';
  expect(foreignImports(example, "@cto/errors")).toEqual(["zod", "@cto/errors-of-others"]);
});
