import type * as z from "zod";
import type { DocumentArea } from "./gates-error.ts";
import type { SourcePath } from "./yaml-source.ts";

/** A broken rule, at a path of the document. */
export interface RuleBreach {
  readonly path: SourcePath;
  readonly message: string;
  readonly hint: string;
}

/** A kind of file that people write in YAML or JSON. */
export interface DocumentKind<Schema extends z.ZodType = z.ZodType> {
  /** What its error codes begin with. */
  readonly area: DocumentArea;
  /** What messages call it, after "a" or "the". */
  readonly noun: string;
  /** Where a whole one stands. */
  readonly guide: string;
  /** Its descriptions end the sentence "expected ...". */
  readonly schema: Schema;
  /** What must hold between its fields, told of any value. */
  readonly findBreaches?: (value: unknown) => readonly RuleBreach[];
}
