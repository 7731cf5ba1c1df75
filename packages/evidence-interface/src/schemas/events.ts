import * as z from "zod";
import { SCHEMAS, STREAM_KINDS } from "../vocabulary.ts";
import { eventNameSchema, runIdSchema, sha256Schema, timestampSchema } from "./primitives.ts";

/** One line of `events.normalized.jsonl`. `prev` is the SHA-256 of the previous line without its LF; 64 zeros for the first. */
export const governedEventSchema = z.strictObject({
  schema: z.literal(SCHEMAS.event),
  seq: z.int().min(1),
  at: timestampSchema,
  run_id: runIdSchema,
  event: eventNameSchema,
  data: z.record(z.string(), z.json()),
  prev: sha256Schema,
});
export type GovernedEvent = z.infer<typeof governedEventSchema>;

/** A watchable lane; announced by a live event of kind `stream.opened` whose data is this object. */
export const liveStreamSchema = z.strictObject({
  id: z.string().min(1).max(128),
  kind: z.enum(STREAM_KINDS),
  transport: z.string().min(1).max(64),
  title: z.string().max(200),
});
export type LiveStream = z.infer<typeof liveStreamSchema>;

/** One line of `events.ndjson`: everything that the Observer shows, in the order it happened. */
export const liveEventSchema = z.strictObject({
  schema: z.literal(SCHEMAS.liveEvent),
  seq: z.int().min(1),
  at: timestampSchema,
  run_id: runIdSchema,
  stream: z.string().min(1).max(128),
  kind: z.string().min(1).max(64),
  data: z.record(z.string(), z.json()),
});
export type LiveEvent = z.infer<typeof liveEventSchema>;

/** One line of `trace.jsonl`: an action or check of the harness itself. */
export const traceEntrySchema = z.strictObject({
  schema: z.literal(SCHEMAS.trace),
  at: timestampSchema,
  action: z.string().min(1),
  duration_ms: z.number().min(0),
  outcome: z.enum(["ok", "refused", "error"]),
  data: z.record(z.string(), z.json()),
});
export type TraceEntry = z.infer<typeof traceEntrySchema>;
