import test from 'ava';
import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import { compressions, decoded, offsetsOf } from './batches.ts';
import { javaRecordSets } from './java-record-sets.ts';

test.before(prepareCompression);

/** The record at `i` of each batch, by the rule that RecordBatchVectors.java states. */
function expected(i: number): unknown {
  const key = i % 11 === 0 ? '' : `key-${i}`;
  return {
    offset: 100 + i,
    timestamp: 1_700_000_000_000 + 10 * i,
    key: i % 7 === 0 ? null : key,
    value: i % 13 === 0 ? null : `${i}:${'abcdefghij'.repeat(30)}`,
    headers:
      i % 2 === 0
        ? []
        : [
            ['h1', String(i)],
            ['h2', null],
          ],
  };
}

for (const compression of compressions) {
  test(`what Kafka's own code writes with ${compression} is decoded`, (t) => {
    const set = decoded(Buffer.from(javaRecordSets[compression], 'base64'));
    const count = compression === 'none' ? 30 : 500;
    t.deepEqual(
      set.messages.map((message) => ({
        offset: message.offset,
        timestamp: message.timestamp,
        key: message.keyText,
        value: message.valueText,
        headers: [...message.headers].map(([name, value]) => [name, value?.toString() ?? null]),
      })),
      Array.from({ length: count }, (_, i) => expected(i)),
    );
    t.like(set, { nextOffset: 100 + count, leaderEpoch: 3, partialOnly: false });
  });
}

test("the time that Kafka's own code stamps on a batch is that of all its records", (t) => {
  const set = decoded(Buffer.from(javaRecordSets.logAppendTime, 'base64'));
  t.deepEqual(
    set.messages.map((message) => message.timestamp),
    [1_700_000_000_005, 1_700_000_000_005, 1_700_000_000_005],
  );
});

test("transactions and markers of Kafka's own code are distinguished", (t) => {
  const recordSet = Buffer.from(javaRecordSets.transactions, 'base64');
  t.deepEqual(offsetsOf(decoded(recordSet)), [0, 1, 2, 3, 4, 6, 7]);
  t.deepEqual(
    offsetsOf(decoded(recordSet, { aborted: [{ producerId: 1n, firstOffset: 0 }] })),
    [2, 3, 4, 6, 7],
  );
  t.is(decoded(recordSet).nextOffset, 10);
});
