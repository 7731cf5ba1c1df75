import { takeRows, toHtmlText } from "./html-text.ts";

/** A titled section; `id` must be a plain word. */
export function pageSection(id: string, title: string, body: string): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}\n</section>`;
}

/** A list of ready items within a byte budget; what is left out is counted and pointed to. */
export function pageList(items: readonly string[], budget: number, fullIn: string): string {
  const rows = takeRows(
    items.map((item) => `<li>${item}</li>`),
    budget,
  );
  const more = rows.left === 0 ? "" : `<p class="dim">${rows.left} more in <code>${fullIn}</code></p>`;
  return rows.html === "" ? more : `<ul>${rows.html}</ul>${more}`;
}

/** A table of ready cells within a byte budget. */
export function pageTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  budget: number,
  fullIn: string,
): string {
  const taken = takeRows(
    rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`),
    budget,
  );
  const more = taken.left === 0 ? "" : `<p class="dim">${taken.left} more in <code>${fullIn}</code></p>`;
  const columns = head.map((name) => `<th scope="col">${name}</th>`).join("");
  return `<div class="scroll"><table><thead><tr>${columns}</tr></thead><tbody>${taken.html}</tbody></table></div>${more}`;
}

/** Foreign text of several lines as a scrolling block, cut at a line border when the byte budget is spent. */
export function pageText(text: string, label: string, budget: number): string {
  const lines = text.replace(/\n$/, "").split("\n");
  const taken = takeRows(
    lines.map((line) => `${toHtmlText(line, 500)}\n`),
    budget,
  );
  const more = taken.left === 0 ? "" : `<p class="dim">${taken.left} more lines are left out here.</p>`;
  return `<pre class="wrap" tabindex="0" aria-label="${label}">${taken.html}</pre>${more}`;
}
