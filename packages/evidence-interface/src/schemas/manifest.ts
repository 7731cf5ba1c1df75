import * as z from "zod";
import { SCHEMAS } from "../vocabulary.ts";
import { countSchema, pointerSchema, runIdSchema, sha256Schema } from "./primitives.ts";

/** `manifest.json`: every file of the run directory but itself and the attestation, sorted by path (UTF-16 code units), in canonical bytes plus LF. */
export const manifestSchema = z.strictObject({
  schema: z.literal(SCHEMAS.manifest),
  run_id: runIdSchema,
  files: z.array(z.strictObject({ path: pointerSchema, bytes: countSchema, sha256: sha256Schema })),
  event_count: countSchema,
  chain_head: sha256Schema,
});
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest["files"][number];
