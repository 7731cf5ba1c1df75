import { type VerifyResult, verifyBundle } from "@cto/evidence-interface";
import { readBundleFacts } from "./bundle-facts-reader.ts";

/** Reads and judges one run directory; never writes. Throws `STORE_READ_FAILED` if it is no directory; what is wrong inside of it is a finding. */
export function verifyRunDirectory(directory: string): VerifyResult {
  return verifyBundle(readBundleFacts(directory));
}
