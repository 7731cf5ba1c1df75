import type { Manifest } from "../schemas/manifest.ts";
import { EVENT_ORDER, type EventName, RUN_FILES } from "../vocabulary.ts";
import { eventFormat, type ParsedEvent } from "./bundle-documents.ts";
import { BUNDLE_LIMITS, type BundleFacts } from "./bundle-facts.ts";
import type { Findings } from "./findings.ts";
import { type Line, linesOf } from "./lines-of.ts";
import { toDocument } from "./to-document.ts";

/** What the rules need of an event log, in space that does not grow with it. */
export interface EventSummary {
  readonly first: ParsedEvent | undefined;
  readonly last: ParsedEvent | undefined;
  /** The last event of each name. */
  readonly byName: ReadonlyMap<EventName, ParsedEvent>;
  /** The codes in `data.blockers` (a list of strings) of all events, by code, with the names of the events that list it. */
  readonly blockers: ReadonlyMap<string, ReadonlySet<EventName>>;
}

const path = RUN_FILES.events;
const start = "0".repeat(64);
const rank = new Map<EventName, number>(EVENT_ORDER.map((name, index) => [name, index]));

/** Judges the log line by line: format, sequence, chain, order, clock, count and head. Undefined if it cannot be read to its end. */
export function verifyEvents(facts: BundleFacts, manifest: Manifest, findings: Findings): EventSummary | undefined {
  const byName = new Map<EventName, ParsedEvent>();
  const blockers = new Map<string, Set<EventName>>();
  let first: ParsedEvent | undefined;
  let last: ParsedEvent | undefined;
  let head = start;
  let count = 0;
  for (const line of linesOf(facts.events ?? [], BUNDLE_LIMITS.eventLineBytes)) {
    count += 1;
    const event = toEvent(line, count, findings);
    if (event === undefined || !isNext(event, count, head, findings)) return undefined;
    compareNeighbours(last, event, manifest.run_id, findings);
    byName.set(event.event, event);
    for (const code of listedBlockers(event)) blockers.set(code, (blockers.get(code) ?? new Set()).add(event.event));
    first ??= event;
    last = event;
    head = facts.sha256(line.bytes);
  }
  if (count !== manifest.event_count)
    findings.add("EVENT_COUNT_DIFFERS", path, `has ${count} events, the manifest says ${manifest.event_count}`);
  else if (head !== manifest.chain_head)
    findings.add("EVENT_HEAD_DIFFERS", path, `ends with ${head}, the manifest says ${manifest.chain_head}`);
  return { first, last, byName, blockers };
}

function toEvent(line: Line, number: number, findings: Findings): ParsedEvent | undefined {
  if (line.bytes.length > BUNDLE_LIMITS.eventLineBytes)
    findings.add("EVENT_LINE_TOO_LONG", path, `line ${number} is longer than ${BUNDLE_LIMITS.eventLineBytes} bytes`);
  else if (line.bytes.includes(13)) findings.add("EVENT_LINE_CRLF", path, `line ${number} holds a carriage return`);
  else if (!line.ended) findings.add("EVENT_LINE_UNENDED", path, `line ${number} has no LF at its end`);
  else return toDocument(line.bytes, eventFormat, { path, line: number }, findings);
  return undefined;
}

function isNext(event: ParsedEvent, number: number, head: string, findings: Findings): boolean {
  if (event.seq !== number) findings.add("EVENT_SEQUENCE_BROKEN", path, `line ${number} has seq ${event.seq}`);
  else if (event.prev !== head)
    findings.add("EVENT_CHAIN_BROKEN", path, `line ${number} does not name the digest of the line before`);
  else return true;
  return false;
}

function compareNeighbours(
  before: ParsedEvent | undefined,
  event: ParsedEvent,
  runId: string,
  findings: Findings,
): void {
  if (event.run_id !== runId) findings.add("RUN_ID_DIFFERS", path, `line ${event.seq} is of run ${event.run_id}`);
  if (before === undefined) return;
  if (event.at < before.at)
    findings.add("EVENT_CLOCK_BACKWARDS", path, `line ${event.seq} is older than the line before`);
  const step = (rank.get(event.event) ?? 0) - (rank.get(before.event) ?? 0);
  // Several gates may be closed at once, each with an event of its own; every other event happens once.
  const inOrder = step > 0 || (step === 0 && event.event === "backend.gate.blocked");
  if (!inOrder)
    findings.add("EVENT_ORDER_BROKEN", path, `line ${event.seq}: ${event.event} cannot follow ${before.event}`);
}

function listedBlockers(event: ParsedEvent): readonly string[] {
  const list = event.data.blockers;
  return Array.isArray(list) ? list.filter((code): code is string => typeof code === "string") : [];
}
