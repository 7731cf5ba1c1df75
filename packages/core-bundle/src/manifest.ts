import { CtoError } from "@cto/errors";
import { type ManifestFile, manifestSchema, RUN_FILES, SCHEMAS, toCanonicalJson } from "@cto/evidence-interface";

export interface ManifestOptions {
  readonly runId: string;
  /** Every file of the run directory but the manifest itself and the attestation, in any order. */
  readonly files: readonly ManifestFile[];
  readonly eventCount: number;
  readonly chainHead: string;
}

/**
 * The text of `manifest.json`: canonical JSON plus LF, files sorted by path (UTF-16 code units). Its SHA-256 is what seals a run.
 * Throws `BUNDLE_MANIFEST_INPUT` on a path that is listed twice, names the manifest or attestation, or is not a relative pointer.
 */
export function createManifest(options: ManifestOptions): string {
  const files = options.files
    .map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const twice = files.find((file, index) => file.path === files[index + 1]?.path);
  if (twice !== undefined) throw badInput(`${twice.path} is listed twice`);
  const excluded = files.find((file) => file.path === RUN_FILES.manifest || file.path === RUN_FILES.attestation);
  if (excluded !== undefined) throw badInput(`${excluded.path} does not list itself`);
  const parsed = manifestSchema.safeParse({
    schema: SCHEMAS.manifest,
    run_id: options.runId,
    files,
    event_count: options.eventCount,
    chain_head: options.chainHead,
  });
  if (!parsed.success)
    throw badInput(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  return `${toCanonicalJson(parsed.data)}\n`;
}

function badInput(what: string): CtoError<"BUNDLE_MANIFEST_INPUT"> {
  return new CtoError("BUNDLE_MANIFEST_INPUT", `Cannot write a manifest: ${what}.`, {
    hint: "List every file once, by its path inside the run directory, with its size and lower-case SHA-256.",
  });
}
