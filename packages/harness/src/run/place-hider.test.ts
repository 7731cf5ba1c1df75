import { expect, it } from "vitest";
import { createPlaceHider } from "./place-hider.ts";

it("longer places go first, whatever the order; a root folder is left alone", () => {
  const hider = createPlaceHider();
  hider.add("/", "ROOT");
  hider.add("/home", "HOMES");
  hider.add("/home/me/project", "<home>");
  hider.add("/home/me/project/.cto", ".cto");
  expect(hider.text("at /home/me/project/.cto/tmp/x and /home/me/project/a in /home")).toBe(
    "at .cto/tmp/x and <home>/a in /home",
  );
});

it("finds non-ASCII places in a latin1 view of the bytes too", () => {
  const hider = createPlaceHider();
  hider.add("/srv/späße/x", "<home>");
  const seen = Buffer.from("open /srv/späße/x/file\n").toString("latin1");
  expect(hider.bytes(seen)).toBe("open <home>/file\n");
});
