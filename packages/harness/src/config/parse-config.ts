import * as z from "zod";
import { createHarnessError } from "../harness-error.ts";
import { safeParseSettings } from "./safe-parse-settings.ts";

const toolchainSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "expected lower-case letters, digits and hyphens, at most 32"),
  executable: z.string().startsWith("/", "expected an absolute path"),
});

const configSchema = z.strictObject({
  schema: z.literal("cto.config.v1"),
  sandbox: z.strictObject({ toolchains: z.array(toolchainSchema).optional() }).optional(),
  // The repository's policy layer: `parsePolicy` reads it, with the place of every rule.
  policy: z.unknown().optional(),
});

/** `cto/config.yaml`: settings of a repository. Without `sandbox.toolchains` the tool chain of the contract's commands is found on PATH. `policy` is not checked here. */
export type Config = z.infer<typeof configSchema>;

/** Reads the text of `cto/config.yaml`. Throws `CONFIG_INVALID` with file, line and column of the first problem. */
export function parseConfig({ file, text }: { readonly file: string; readonly text: string }): Config {
  const result = safeParseSettings(text, configSchema);
  if (result.ok) return result.value;
  const { line, column, message } = result.problem;
  throw createHarnessError("CONFIG_INVALID", `${file}:${line}:${column}: ${message}`, {
    hint: "Expected: schema: cto.config.v1, and optionally sandbox.toolchains, a list of {name, executable: /absolute/path}, and policy.",
    details: { file, line, column },
  });
}
