import { libraryConfig } from "../../tsup.config.base.ts";

export default libraryConfig({
  entry: { index: "src/index.ts", "fake-engine": "src/bin/fake-engine.ts" },
  splitting: false,
});
