// @ts-check

/** @typedef {{status: string, event: string, meaning: string, mender: string, hint: string}} Entry */

/**
 * The page about failure codes: one table per event, in the order in which the events come.
 * @param {Readonly<Record<string, Entry>>} codes
 */
export function toFailureCodesPage(codes) {
  const events = [...new Set(Object.values(codes).map(({ event }) => event))];
  const sections = events.map((event) => {
    const rows = Object.entries(codes).filter(([, entry]) => entry.event === event);
    return [`## ${event}`, "", head, ...rows.map(([code, entry]) => toRow(code, entry)), ""].join("\n");
  });
  return `${[intro, ...sections].join("\n").trimEnd()}\n`;
}

const intro = `# Failure codes

Every reason why a run does not pass, by the governed event that carries it. Any \`fail\` beats \`blocked\`.
Made by \`pnpm generate\` from \`FAILURE_CODES\` of \`@cto/evidence-interface\`; edit it there.
`;

const head = "| code | status | meaning | who can mend it | what to do |\n|---|---|---|---|---|";

/** @param {string} code @param {Entry} entry */
function toRow(code, { status, meaning, mender, hint }) {
  return `| ${[`\`${code}\``, status, meaning, mender, hint].map(toCell).join(" | ")} |`;
}

/** @param {string} text */
function toCell(text) {
  return text
    .replaceAll("|", "\\|")
    .replaceAll(/<(?=[a-z])/g, "&lt;")
    .replaceAll("\n", " ");
}
