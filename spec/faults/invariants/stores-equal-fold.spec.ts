import test from 'ava';
import { playedRun, recordAt, type PlayedRun } from '../../_helpers/faults/played-run.ts';
import type { Invariant } from '../workload.ts';
import { added, noSum, sumCodec, type Sum } from '../workloads/sum.ts';
import { sums } from '../workloads/sums.ts';
import { inputRecords } from './input-records.ts';

/** A job that made no mistake: what it stored, and what it sent. */
function perfectRun(): { run: PlayedRun; stored: Map<string, Sum>; check: () => Promise<string[]> } {
  const stored = new Map<string, Sum>();
  const workload = sums({
    name: 'sums',
    services: [],
    open: () => {
      throw new Error('nothing runs here');
    },
    stored: () => Promise.resolve(stored),
  });
  const run = playedRun(workload, [300, 200]);
  const { sums: sent = [] } = run.topics;
  for (const { partition, n, record } of inputRecords(run)) {
    const key = record.key ?? '';
    const sum = added(stored.get(key) ?? noSum, { partition, n }, Number(record.value));
    stored.set(key, sum);
    sent.push(recordAt(sent, { topic: 'sums', partition, key, value: sumCodec.encode(sum) }));
  }
  const [invariant] = workload.invariants as [Invariant];
  return { run, stored, check: async () => (await invariant.check(run)).map(({ text }) => text) };
}

function firstOf(stored: ReadonlyMap<string, Sum>): [string, Sum] {
  const [first] = stored;
  if (first === undefined) throw new Error('Nothing was stored');
  return first;
}

test('a store that is what the records come to passes, and so do sums that were sent twice', async (t) => {
  const { run, check } = perfectRun();
  t.deepEqual(await check(), []);
  run.topics['sums']?.push(...(run.topics['sums'] ?? []).slice(40, 60));
  t.deepEqual(await check(), []);
});

test('a record that was counted twice is found', async (t) => {
  const { stored, check } = perfectRun();
  const [key, value] = firstOf(stored);
  stored.set(key, { ...value, sum: value.sum + 5 });
  const [text, more] = await check();
  t.is(more, undefined);
  t.regex(text ?? '', /^1 stored values are not what their records come to; the first: 0\.k\d+ is /);
});

test('a record that was left out is found, also where its amount was 0', async (t) => {
  const { stored, check } = perfectRun();
  const [key, value] = firstOf(stored);
  stored.set(key, { ...value, next: { 0: (value.next[0] ?? 0) - 1 } });
  t.regex((await check()).join(), /^1 stored values are not what their records come to/);
});

test('a key that is missing is found, and one that is of no record', async (t) => {
  const { stored, check } = perfectRun();
  const [key, value] = firstOf(stored);
  stored.delete(key);
  stored.set('strange', value);
  t.deepEqual(await check(), [
    `1 keys have no stored value; the first: ${key}`,
    '1 stored keys are of no record; the first: strange',
  ]);
});

test('a sum that was wrong on the way is found, although it is right in the end', async (t) => {
  const { run, check } = perfectRun();
  const { sums: sent = [] } = run.topics;
  const [record] = sent;
  const wrong = sumCodec.decode(record?.value ?? Buffer.of());
  sent[0] = recordAt([], {
    topic: 'sums',
    partition: 0,
    key: String(record?.key),
    value: sumCodec.encode({ ...wrong, sum: wrong.sum + 1 }),
  });
  t.regex(
    (await check()).join(),
    /^1 sums that were sent are not .*; the first: sums\/0 offset 0 says that /,
  );
});

test('a sum that claims to end with a record that is not of its key is found', async (t) => {
  const { run, check } = perfectRun();
  const { sums: sent = [] } = run.topics;
  const key = String(sent[0]?.key);
  sent.push(recordAt(sent, { topic: 'sums', partition: 0, key, value: sumCodec.encode(noSum) }));
  t.regex((await check()).join(), /is 0 up to nothing, not known$/);
});
