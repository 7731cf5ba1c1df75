import fs from "node:fs";
import path from "node:path";
import {
  BUNDLE_LIMITS,
  type BundleFacts,
  type BundleFile,
  isBundleDocument,
  manifestSchema,
  RUN_FILES,
  toPathText,
} from "@cto/evidence-interface";
import { openFlags, sha256 } from "./disk.ts";
import { readAgain, readOnce } from "./read-once.ts";
import { readFailed } from "./store-error.ts";

/**
 * The facts of a run directory that `verifyBundle` judges: one pass over all entries, without following a link, each file read once, large ones
 * in parts. Throws `STORE_READ_FAILED` if `directory` is no directory.
 */
export function readBundleFacts(directory: string): BundleFacts {
  const root = path.resolve(directory);
  const facts = new FactsReader(root);
  try {
    facts.walk(root, "");
  } catch (error) {
    throw readFailed(directory, error);
  }
  return facts;
}

/** Line logs and patch up to this size are kept from the one pass; beyond it they are read a second time when the verifier asks for them. */
const keptBytes = 8 * 1024 * 1024;

/** The files that are handed over as parts. */
const streams: ReadonlyMap<string, "events" | "patch" | "live" | "trace"> = new Map([
  [RUN_FILES.events, "events"],
  [RUN_FILES.patch, "patch"],
  [RUN_FILES.live, "live"],
  [RUN_FILES.trace, "trace"],
] as const);

/** Reading is synchronous and nothing keeps a view of this buffer, so one serves all readers. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

class FactsReader implements BundleFacts {
  readonly #root: string;
  #sizes: ReadonlyMap<string, number> | undefined;
  readonly files: BundleFile[] = [];
  readonly documents = new Map<string, Uint8Array>();
  readonly sha256 = sha256;
  events: Iterable<Uint8Array> | null = null;
  patch: Iterable<Uint8Array> | null = null;
  live: Iterable<Uint8Array> | null = null;
  trace: Iterable<Uint8Array> | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  /** `prefix` and names hold one character per byte (latin1), because a name need not be UTF-8. */
  walk(directory: string | Buffer, prefix: string): void {
    for (const entry of fs.readdirSync(directory, { withFileTypes: true, encoding: "latin1" })) {
      if (this.files.length > BUNDLE_LIMITS.files) return;
      const place = join(directory, entry.name);
      const name = prefix + entry.name;
      if (entry.isDirectory()) this.#walkInto(place, name);
      else if (entry.isFile()) this.#read(place, toName(name));
      else this.#list(toName(name), entry.isSymbolicLink() ? "symlink" : "other");
    }
  }

  #walkInto(directory: string | Buffer, name: string): void {
    const before = this.files.length;
    try {
      this.walk(directory, `${name}/`);
    } catch {
      // Not hidden: listed as `other`, which the verifier refuses.
      this.files.length = before;
      this.#list(toName(name), "other");
    }
  }

  #list(name: string, kind: "symlink" | "other"): void {
    this.files.push({ path: name, kind, bytes: 0, sha256: null });
  }

  /** A file whose size is not the one in the manifest is found by that alone; without a manifest no digest is compared. */
  #isListed(name: string, size: number): boolean {
    this.#sizes ??= readListedSizes(this.#root);
    return this.#sizes.get(name) === size;
  }

  #read(place: string | Buffer, name: string): void {
    const stream = streams.get(name);
    const keep = stream !== undefined ? keptBytes : isBundleDocument(name) ? BUNDLE_LIMITS.documentBytes : 0;
    let fd: number | undefined;
    try {
      fd = fs.openSync(place, openFlags.read);
      const { bytes, sha256: digest, content } = readOnce(fd, scratch, keep, (size) => this.#isListed(name, size));
      this.files.push({ path: name, kind: "file", bytes, sha256: digest });
      if (digest === null) return;
      if (stream !== undefined) this[stream] = content === null ? readAgain(place, name, digest) : [content];
      else if (content !== null) this.documents.set(name, content);
    } catch {
      // Not hidden: a file without a digest is a finding of its own.
      this.files.push({ path: name, kind: "file", bytes: 0, sha256: null });
    } finally {
      if (fd !== undefined) fs.closeSync(fd);
    }
  }
}

/** Sizes by path as the manifest states them; empty if there is none that can be read. The verifier judges the manifest itself. */
function readListedSizes(root: string): ReadonlyMap<string, number> {
  try {
    const file = path.join(root, RUN_FILES.manifest);
    if (fs.lstatSync(file).size > BUNDLE_LIMITS.documentBytes) return new Map();
    const parsed = manifestSchema.safeParse(JSON.parse(fs.readFileSync(file, "utf8")));
    return new Map(parsed.data?.files.map(({ path: name, bytes }) => [name, bytes]) ?? []);
  } catch {
    return new Map();
  }
}

function join(directory: string | Buffer, name: string): string | Buffer {
  if (typeof directory === "string" && /^[\x20-\x7e]*$/.test(name)) return `${directory}/${name}`;
  return Buffer.concat([
    typeof directory === "string" ? Buffer.from(directory) : directory,
    Buffer.from("/"),
    Buffer.from(name, "latin1"),
  ]);
}

function toName(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : toPathText(Buffer.from(name, "latin1"));
}
