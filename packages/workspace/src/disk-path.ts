import { join } from "node:path";
import { fromPathText } from "@cto/evidence-interface";

/** The path on the disk behind a path text below `root`, exact to the byte. The caller passes path texts of this package only. */
export function toDiskPath(root: string, pathText: string): string | Buffer {
  if (!pathText.startsWith('"')) return join(root, pathText);
  return Buffer.concat([Buffer.from(`${root}/`), fromPathText(pathText) ?? Buffer.from(pathText)]);
}
