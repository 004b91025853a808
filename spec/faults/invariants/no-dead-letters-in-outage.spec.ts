import test from 'ava';
import { inputRecord, playedRun, recordAt } from '../../_helpers/faults/played-run.ts';
import { deadLetterHeaders } from '../../../source/index.ts';
import type { GeneratedRecord, Origin, OutputRecord } from '../workload.ts';
import { poisonKinds, type PoisonKind } from '../workloads/poison-records.ts';
import { poison } from '../workloads/poison.ts';
import { inputRecords } from './input-records.ts';
import { noDeadLettersInOutage } from './no-dead-letters-in-outage.ts';

function perfectRun() {
  const run = playedRun(poison, [1_000, 0, 0, 0]);
  const { letters = [] } = run.topics;
  const good: (Origin & { record: GeneratedRecord })[] = [];
  for (const input of inputRecords(run)) {
    const kind = input.record.poison as PoisonKind | undefined;
    if (kind === undefined) good.push(input);
    else letters.push(letterOf(input, poisonKinds[kind]));
  }
  const invariant = noDeadLettersInOutage({ letters: 'letters', exceptions: poisonKinds });
  return { letters, good, check: async () => (await invariant.check(run)).map(({ text }) => text) };
}

function letterOf(input: Origin & { record: GeneratedRecord }, exception: string): OutputRecord {
  const { headers } = inputRecord('orders', input);
  return recordAt([], {
    topic: 'letters',
    partition: 0,
    headers: [
      ...headers,
      [deadLetterHeaders.partition, String(input.partition)],
      [deadLetterHeaders.exception, exception],
      [deadLetterHeaders.message, 'it did not work'],
    ],
  });
}

test('poison that was set aside for what it is passes', async (t) => {
  const { letters, check } = perfectRun();
  t.true(letters.length > 3);
  t.deepEqual(await check(), []);
});

test('a record that was set aside because of an outage is found', async (t) => {
  const { letters, good, check } = perfectRun();
  for (const input of good.slice(0, 2)) letters.push(letterOf(input, 'STORE'));
  t.deepEqual(await check(), [
    `2 records were set aside that are no poison; the first: record 0/${good[0]?.n}: STORE, it did not work`,
  ]);
});

test('poison that was set aside because of an outage is found', async (t) => {
  const { letters, check } = perfectRun();
  const [first] = letters;
  if (first === undefined) throw new Error('There is no poison');
  const headers = first.headers.map(([name, value]) =>
    name === deadLetterHeaders.exception ? ([name, 'STORE'] as const) : ([name, value] as const),
  );
  letters[0] = recordAt([], { topic: 'letters', partition: 0, headers });
  t.regex(
    (await check()).join(),
    /^1 dead letters name another error than that of their poison; .*: STORE, /,
  );
});
