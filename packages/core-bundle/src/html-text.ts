const special: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * Foreign text for HTML, in elements and in quoted attributes. Control, bidirectional and zero-width characters become visible as
 * `⟨U+202E⟩`; at most `max` code units of the text are kept.
 */
export function toHtmlText(text: string, max = 300): string {
  const cut = text.length <= max ? text : `${text.slice(0, max)}…`;
  return cut
    .toWellFormed()
    .replace(/[&<>"']/g, (char) => special[char] ?? char)
    .replace(invisible, (char) => `⟨U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** Length in UTF-8 bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) bytes += 1;
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 1;
  }
  return bytes;
}

/** The first rows that fit into `budget` UTF-8 bytes together, and how many are left out. */
export function takeRows(rows: Iterable<string>, budget: number): { readonly html: string; readonly left: number } {
  let html = "";
  let room = budget;
  let left = 0;
  for (const row of rows) {
    const size = left > 0 ? 0 : utf8Length(row);
    if (left > 0 || size > room) {
      left += 1;
      continue;
    }
    html += row;
    room -= size;
  }
  return { html, left };
}
