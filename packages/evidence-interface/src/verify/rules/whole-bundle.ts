import type { FailureCode } from "../../failure-codes.ts";
import type { Manifest, ManifestFile } from "../../schemas/manifest.ts";
import type { BundleDocuments } from "../bundle-documents.ts";
import type { BundleFacts } from "../bundle-facts.ts";
import type { Findings } from "../findings.ts";
import type { EventSummary } from "../verify-events.ts";

/** A bundle whose run, report and event log could be read, and whose files are those of the manifest: what the rules judge. */
export interface WholeBundle extends BundleDocuments {
  readonly run: NonNullable<BundleDocuments["run"]>;
  readonly report: NonNullable<BundleDocuments["report"]>;
  readonly events: EventSummary;
  readonly manifest: Manifest;
  readonly listed: ReadonlyMap<string, ManifestFile>;
  /** The codes of the report's blockers. */
  readonly codes: ReadonlySet<FailureCode>;
  readonly bytesOf: (path: string) => Uint8Array | undefined;
  readonly patch: Iterable<Uint8Array> | null;
  readonly live: Iterable<Uint8Array> | null;
  readonly trace: Iterable<Uint8Array> | null;
  readonly sha256: (bytes: Uint8Array) => string;
  readonly signatures: BundleFacts["signatures"];
}

/** Adds a finding for each contradiction of one kind. A rule says nothing where the document that it needs could not be read. */
export type Rule = (bundle: WholeBundle, findings: Findings) => void;
