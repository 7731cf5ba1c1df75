/** Takes chunks of a stream and hands out its records. */
export interface RecordSplitter {
  push(chunk: Uint8Array): void;
  /** Hands out what stands after the last terminator, if anything. */
  end(): void;
}

/**
 * Splits a stream of records that each end in one `terminator` byte (NUL unless told, as git's `-z` writes them). A record is only valid
 * during the call of `onRecord`. Memory: one record and one chunk.
 */
export function createRecordSplitter(onRecord: (record: Uint8Array) => void, terminator = 0): RecordSplitter {
  let rest: Uint8Array[] = [];
  const finish = (tail: Uint8Array): void => {
    const record = rest.length === 0 ? tail : Buffer.concat([...rest, tail]);
    rest = [];
    onRecord(record);
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(terminator); at !== -1; at = chunk.indexOf(terminator, from)) {
        finish(chunk.subarray(from, at));
        from = at + 1;
      }
      if (from < chunk.length) rest.push(chunk.slice(from));
    },
    end() {
      if (rest.length > 0) finish(new Uint8Array());
    },
  };
}
