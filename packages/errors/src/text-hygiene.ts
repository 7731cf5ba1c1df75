const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Replaces control characters (C0 but tab and newline, C1, DEL), line separators and bidirectional overrides by U+FFFD, so
 * that hostile text cannot move a terminal's cursor or reorder a line. Length in code units is kept.
 */
export function stripControls(text: string): string {
  return text.replace(controls, "\ufffd");
}

/**
 * One line of at most `max` UTF-16 code units (at least 3): white space becomes single spaces, control characters go, the middle gives way
 * to an ellipsis. Well-formed even where a cut or the text itself leaves half a character.
 */
export function oneLine(text: string, max = 200): string {
  const flat = stripControls(text.replace(/\s+/g, " ")).trim();
  if (flat.length <= max) return flat.toWellFormed();
  const half = Math.floor((max - 3) / 2);
  return `${flat.slice(0, half)}...${flat.slice(flat.length - half)}`.toWellFormed();
}

/** A secret-shaped span of a text. Offsets are UTF-16 code units. */
export interface SecretMatch {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

// Shapes published by the issuers themselves: GitHub, npm, AWS, Google, Slack, OpenAI, Anthropic, Stripe token formats; RFC 7468 PEM labels.
const shapes: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["private-key", /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----/g],
  ["github-token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b/g],
  ["npm-token", /\bnpm_[A-Za-z0-9]{36}\b/g],
  ["aws-access-key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  ["google-api-key", /\bAIza[A-Za-z0-9_-]{35}\b/g],
  ["slack-token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}\b/g],
  ["model-key", /\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,250}\b/g],
  ["stripe-key", /\b[rs]k_live_[A-Za-z0-9]{20,250}\b/g],
];

/**
 * Finds secret-shaped spans, in order of position. Spans that overlap are one, named after the first of them. Linear in the length of the
 * text.
 */
export function findSecrets(text: string): readonly SecretMatch[] {
  const found = shapes
    .flatMap(([kind, pattern]) =>
      [...text.matchAll(pattern)].map((match) => ({ kind, start: match.index, end: match.index + match[0].length })),
    )
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const apart: SecretMatch[] = [];
  for (const match of found) {
    const last = apart.at(-1);
    if (last === undefined || match.start >= last.end) apart.push(match);
    else if (match.end > last.end) apart.splice(-1, 1, { ...last, end: match.end });
  }
  return apart;
}

/** Replaces every secret-shaped span by `[redacted:<kind>]`. What is left holds none. */
export function redactSecrets(text: string): string {
  let out = "";
  let from = 0;
  for (const { kind, start, end } of findSecrets(text)) {
    out += `${text.slice(from, start)}[redacted:${kind}]`;
    from = end;
  }
  return out + text.slice(from);
}

/** Text that may be shown and stored: control characters replaced, then secrets redacted. */
export function toSafeText(text: string): string {
  return redactSecrets(stripControls(text));
}
