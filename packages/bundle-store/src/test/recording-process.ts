import { openStore } from "../index.ts";
import { sampleClaim, samplePacket, signSampleDecision } from "./sample-approval.ts";

/** A process of its own that makes a key, a packet, a decision and a claim, over and over until it is killed: `<home> <prefix>`. */
const [home = "", prefix = ""] = process.argv.slice(2);
const { approvals, keys } = openStore({ home });
process.stdout.write("ready\n");
for (let number = 1; ; number += 1) {
  const name = `${prefix}-${number}`;
  keys.createKey({ name });
  const packet = approvals.writePacket({ ...samplePacket(number), title: prefix });
  await approvals.writeDecision(packet, signSampleDecision(keys.openSigner(name), packet));
  approvals.claim(packet, sampleClaim(packet, name));
}
