import { join } from "node:path";
import { fromPathText } from "@cto/evidence-interface";

/** A path text's bytes as latin1 text, one character for each byte: names that are not UTF-8 keep their structure. */
export function toLatin1Path(pathText: string): string {
  // Most paths are plain, and there can be very many.
  if (/^[\u0020\u0021\u0023-\u007e]*$/.test(pathText)) return pathText;
  return Buffer.from(fromPathText(pathText) ?? []).toString("latin1");
}

/** The path on the disk behind a path text below `root`, exact to the byte. The caller passes path texts of this package only. */
export function toDiskPath(root: string, pathText: string): string | Buffer {
  if (!pathText.startsWith('"')) return join(root, pathText);
  return Buffer.concat([Buffer.from(`${root}/`), fromPathText(pathText) ?? Buffer.from(pathText)]);
}
