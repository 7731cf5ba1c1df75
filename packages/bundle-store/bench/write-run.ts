import { appendSampleEvents, createTemporaryStore, startSampleRun, writeSampleFiles } from "../src/test/sample-run.ts";

/** The store's share of one whole run (17 files, six stage borders), fsyncs included. Bar: 15 ms. Set TMPDIR to a real disk. */
await using place = createTemporaryStore();
for (let round = 0; round < 10; round += 1) {
  const start = performance.now();
  const writer = await startSampleRun(place.store, `run-${round}`);
  const seal = appendSampleEvents(writer);
  for (let border = 0; border < 6; border += 1) await writer.syncEvents();
  await writeSampleFiles(writer, place.home);
  await writer.seal(seal);
  console.log(`run ${round}: ${(performance.now() - start).toFixed(1)} ms`);
}
