import test from 'ava';
import { fixture, GROUP, noting, type SeenBatch } from './_helpers/processor-run.ts';

test('a bounded run processes all that is there, commits it, and tells what it did', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 25);
  const batches: SeenBatch[] = [];
  const summary = await make(noting(batches)).runToEnd();
  t.deepEqual(
    batches.map(({ trigger, values }) => [trigger, values.length]),
    [
      ['count', 10],
      ['count', 10],
      ['end', 5],
    ],
  );
  t.is(kafka.committed(GROUP, 'in', 0), 25);
  t.like(summary, { records: 25, batches: 3, sent: 0, openTransactions: [] });
  t.deepEqual(summary.partitions, [{ topic: 'in', partition: 0, start: 0, end: 25 }]);
});
