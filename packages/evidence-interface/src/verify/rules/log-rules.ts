import { RUN_FILES } from "../../vocabulary.ts";
import { liveFormat, traceFormat } from "../bundle-documents.ts";
import { BUNDLE_LIMITS } from "../bundle-facts.ts";
import type { Findings } from "../findings.ts";
import { type LogEnds, toLogEnds } from "../log-ends.ts";
import { type DocumentFormat, toDocument } from "../to-document.ts";
import { wasCutShort } from "./event-rules.ts";
import type { Rule, WholeBundle } from "./whole-bundle.ts";

/** The live log begins at 1, counts its lines, and is of this run. A disk that refused may have kept lines of it out. */
export const liveFits: Rule = (bundle, findings) => {
  const { live, manifest } = bundle;
  const path = RUN_FILES.live;
  const ends = live === null ? undefined : readEnds(live, path, bundle, findings);
  if (ends === undefined) return;
  for (const [line, bytes] of endsOf(ends)) {
    const event = readLine(bytes, liveFormat, { path, line }, bundle, findings);
    if (event === undefined) return;
    if (event.run_id !== manifest.run_id)
      findings.add("RUN_ID_DIFFERS", path, `line ${line} is of run ${event.run_id}`);
    if (event.seq !== line && (line === 1 || !wasCutShort(bundle)))
      findings.add("LOG_CONTRADICTED", path, `line ${line} has seq ${event.seq}`);
  }
};

/** The trace is of the time of this run. It names no run. */
export const traceFits: Rule = (bundle, findings) => {
  const { trace } = bundle;
  const path = RUN_FILES.trace;
  const ends = trace === null ? undefined : readEnds(trace, path, bundle, findings);
  if (ends === undefined) return;
  for (const [line, bytes] of endsOf(ends)) {
    if (readLine(bytes, traceFormat, { path, line }, bundle, findings) === undefined) return;
  }
};

function readEnds(
  chunks: Iterable<Uint8Array>,
  path: string,
  bundle: WholeBundle,
  findings: Findings,
): LogEnds | undefined {
  const ends = toLogEnds(chunks, BUNDLE_LIMITS.eventLineBytes);
  if (ends === undefined && !wasCutShort(bundle))
    findings.add("LOG_CONTRADICTED", path, "is empty, and the run was not cut short");
  if (ends?.ended === false) findings.add("EVENT_LINE_UNENDED", path, `line ${ends.lines} has no LF at its end`);
  return ends;
}

function endsOf({ first, last, lines }: LogEnds): readonly (readonly [line: number, bytes: Uint8Array])[] {
  return lines === 1
    ? [[1, first]]
    : [
        [1, first],
        [lines, last],
      ];
}

function readLine<Value extends { readonly at: string }>(
  bytes: Uint8Array,
  format: DocumentFormat<Value>,
  where: { readonly path: string; readonly line: number },
  { run }: WholeBundle,
  findings: Findings,
): Value | undefined {
  if (bytes.length > BUNDLE_LIMITS.eventLineBytes) {
    findings.add("EVENT_LINE_TOO_LONG", where.path, `line ${where.line} is longer than any that the harness writes`);
    return undefined;
  }
  const value = toDocument(bytes, format, where, findings);
  // A copy that nobody waits for any more may still end, and be traced, after the run's own end; it never comes first.
  const late = where.line === 1 && value !== undefined && value.at > (run.finished_at ?? value.at);
  if (value !== undefined && (value.at < run.started_at || late))
    findings.add("CLOCK_BACKWARDS", where.path, `line ${where.line} lies outside the run's time`);
  return value;
}
