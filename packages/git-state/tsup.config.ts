import { libraryConfig } from "../../tsup.config.base.ts";

export default libraryConfig({ entry: { index: "src/index.ts", "testing/index": "src/testing/index.ts" } });
