import { oneLine, stripControls } from "@cto/errors";

/** Foreign text as one line of Markdown that renders as itself: no emphasis, link, mention, HTML or table cell can come out of it. */
export function toMarkdownText(text: string, max = 500): string {
  return oneLine(text, max)
    .replace(/[\\`*_[\]<>&|~$@]/g, "\\$&")
    .replace(/:\/\//g, ":\\//")
    .replace(/www\./gi, (match) => `${match.slice(0, 3)}\\.`);
}

/** Foreign text as a code span on one line, whatever backticks it holds. */
export function toMarkdownCode(text: string, max = 500): string {
  const flat = oneLine(text, max);
  const fence = "`".repeat(longestRun(flat) + 1);
  const pad = flat === "" || flat.startsWith("`") || flat.endsWith("`") ? " " : "";
  return `${fence}${pad}${flat}${pad}${fence}`;
}

/** Foreign text of several lines as a fenced block that it cannot leave. */
export function toMarkdownBlock(text: string, max = 4000): string {
  const clean = stripControls(text).trimEnd();
  const cut = clean.length <= max ? clean : `${clean.slice(0, max)}\n[cut: ${clean.length - max} more characters]`;
  const fence = "`".repeat(Math.max(3, longestRun(cut) + 1));
  return `${fence}text\n${cut}\n${fence}`;
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}
