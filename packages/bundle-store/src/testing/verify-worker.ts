import { runVerifyWorker } from "../index.ts";

/** The second thread of `verifyRunDirectories`, as an app would have it. */
runVerifyWorker();
