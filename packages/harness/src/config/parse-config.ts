import { CtoError } from "@cto/errors";
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";

const configSchema = z.strictObject({
  schema: z.literal("cto.config.v1"),
  sandbox: z
    .strictObject({
      toolchains: z
        .array(
          z.strictObject({
            name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
            executable: z.string().startsWith("/"),
          }),
        )
        .optional(),
    })
    .optional(),
});

/** `cto/config.yaml`: settings of a repository. Without `sandbox.toolchains` the tool chain of the contract's commands is found on PATH. */
export type Config = z.infer<typeof configSchema>;

/** Reads the text of `cto/config.yaml`. Throws `CONFIG_INVALID` with file, line and column. */
export function parseConfig({ file, text }: { file: string; text: string }): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined)
    throw invalid(file, lines.linePos(broken.pos[0]), broken.message.split("\n")[0] ?? "invalid YAML");
  const value: unknown = document.toJS({ maxAliasCount: 10 });
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  const node = document.getIn(path, true);
  const offset =
    typeof node === "object" && node !== null && "range" in node
      ? ((node.range as readonly number[] | undefined)?.[0] ?? 0)
      : 0;
  throw invalid(file, lines.linePos(offset), `${path.join(".") || "the document"}: ${issue?.message ?? "invalid"}`);
}

function invalid(file: string, at: { line: number; col: number }, what: string): CtoError<"CONFIG_INVALID"> {
  return new CtoError("CONFIG_INVALID", `${file}:${at.line}:${at.col}: ${what}`, {
    hint: "Expected: schema: cto.config.v1, and optionally sandbox.toolchains, a list of {name, executable: /absolute/path}.",
    details: { file, line: at.line, column: at.col },
  });
}
