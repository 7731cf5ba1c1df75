import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BundleFacts, type BundleFile, isBundleDocument, verifyBundle } from "../src/index.ts";
import { trustedKeys, verifySignature } from "./keys.ts";
import { type BundleContent, sha256 } from "./seal.ts";

/** The facts of a bundle that is held in memory. */
export function toFacts(content: BundleContent, more: readonly BundleFile[] = []): BundleFacts {
  const chunks = (path: string) => {
    const bytes = content.get(path);
    return bytes === undefined ? null : [bytes];
  };
  return {
    files: [
      ...[...content].map(([path, bytes]) => ({
        path,
        kind: "file" as const,
        bytes: bytes.length,
        sha256: sha256(bytes),
      })),
      ...more,
    ],
    documents: new Map([...content].filter(([path]) => isBundleDocument(path))),
    events: chunks("events.normalized.jsonl"),
    patch: chunks("patch.diff"),
    live: chunks("events.ndjson"),
    trace: chunks("trace.jsonl"),
    sha256,
    signatures: { verify: verifySignature, trusted: trustedKeys },
  };
}

/** What the verifier says of a bundle in memory, without the finding that every unsigned bundle has: `[verdict, ...codes]`. */
export function judge(content: BundleContent, more: readonly BundleFile[] = []): readonly string[] {
  const { verdict, findings } = verifyBundle(toFacts(content, more));
  return [verdict, ...new Set(findings.map(({ code }) => code).filter((code) => code !== "ATTESTATION_MISSING"))];
}

/** The files below a directory. Names are plain in fixtures, so they are their own path text. */
export function loadBundle(directory: string): BundleContent {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(directory.length + 1), new Uint8Array(readFileSync(file))];
    }),
  );
}
