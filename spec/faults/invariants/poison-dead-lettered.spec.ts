import test from 'ava';
import { inputRecord, playedRun, recordAt } from '../../_helpers/faults/played-run.ts';
import { deadLetterHeaders } from '../../../source/index.ts';
import type { OutputRecord } from '../workload.ts';
import { originHeaders } from '../workloads/origin.ts';
import { poison } from '../workloads/poison.ts';
import { inputRecords } from './input-records.ts';
import { poisonDeadLettered } from './poison-dead-lettered.ts';

const names = { input: 'orders', letters: 'letters', output: 'prices' };

/** All that is poison was set aside, and all else has an output. */
function perfectRun() {
  const run = playedRun(poison, [1_500, 1_000, 0, 0]);
  const { orders = [], letters = [], prices = [] } = run.topics;
  for (const { partition, n, record } of inputRecords(run)) {
    const read = inputRecord('orders', { partition, n, record });
    orders.push(read);
    if (record.poison !== undefined) letters.push(letterOf(read));
    else
      prices.push(recordAt(prices, { topic: 'prices', partition, headers: originHeaders({ partition, n }) }));
  }
  const check = async () => (await poisonDeadLettered(names).check(run)).map(({ text }) => text);
  return { orders, letters, prices, count: letters.length, check };
}

function letterOf(read: OutputRecord, changes: Partial<OutputRecord> = {}): OutputRecord {
  const origin: [string, Buffer][] = [
    [deadLetterHeaders.topic, Buffer.from('run-orders')],
    [deadLetterHeaders.partition, Buffer.from(String(read.partition))],
    [deadLetterHeaders.offset, Buffer.from(String(read.offset))],
  ];
  const headers = [...(changes.headers ?? read.headers), ...origin];
  return {
    ...read,
    topic: 'letters',
    ...changes,
    headers,
    header: (name) => headers.findLast(([each]) => each === name)?.[1] ?? undefined,
  };
}

/** The first poison record that has a value and headers, and where its dead letter is. */
function firstWhole(orders: readonly OutputRecord[], letters: readonly OutputRecord[]) {
  const at = letters.findIndex(({ key, value }) => key !== null && value !== null && value.length > 0);
  const letter = letters[at];
  const read = orders.find((each) => each.partition === letter?.partition && each.offset === letter.offset);
  if (read === undefined) throw new Error('No poison record has a value');
  return { at, read };
}

test('poison that was set aside passes, also twice', async (t) => {
  const { letters, count, check } = perfectRun();
  t.true(count > 5);
  t.deepEqual(await check(), []);
  letters.push(...letters.slice(0, 3));
  t.deepEqual(await check(), []);
});

test('a dead letter that is missing is found', async (t) => {
  const { letters, count, check } = perfectRun();
  const [lost] = letters.splice(2, 1);
  const place = `${lost?.partition}/${lost?.offset}`;
  t.deepEqual(await check(), [`1 of ${count} poison records have no dead letter; the first: ${place}`]);
});

const changes: Readonly<Record<string, (read: OutputRecord) => Partial<OutputRecord>>> = {
  key: () => ({ key: null }),
  value: ({ value }) => ({ value: Buffer.concat([value ?? Buffer.of(), Buffer.of(0)]) }),
  'headers, by their order': ({ headers }) => ({ headers: headers.toReversed() }),
  'headers, by one that is left out': ({ headers }) => ({ headers: headers.slice(1) }),
  'headers, by one that is null instead of empty': ({ headers }) => ({
    headers: headers.map(([name], at) =>
      at === 0 ? ([name, null] as const) : (headers[at] ?? [name, null]),
    ),
  }),
  timestamp: ({ timestamp }) => ({ timestamp: timestamp + 1 }),
};

for (const [what, change] of Object.entries(changes))
  test(`a dead letter that differs is found: ${what}`, async (t) => {
    const { orders, letters, check } = perfectRun();
    const { at, read } = firstWhole(orders, letters);
    letters[at] = letterOf(read, change(read));
    const [text, more] = await check();
    t.is(more, undefined);
    const [part] = what.split(',');
    t.regex(text ?? '', new RegExp(`^1 dead letters are not what was read; .*: its ${part} is `, 's'));
  });

test('a dead letter that names another offset is found', async (t) => {
  const { orders, letters, check } = perfectRun();
  const { at, read } = firstWhole(orders, letters);
  letters[at] = letterOf({ ...read, offset: read.offset + 1 });
  t.regex((await check()).join(), /its origin is run-orders\/0\/\d+, not run-orders\/0\/\d+$/);
});

test('a record that is not in the input any more is compared with what was made', async (t) => {
  const { orders, letters, check } = perfectRun();
  const { at, read } = firstWhole(orders, letters);
  orders.length = 0;
  t.deepEqual(await check(), []);
  letters[at] = letterOf(read, { key: null });
  t.regex((await check()).join(), /: its key is null, not \[/);
});

test('null and an empty value are not the same', async (t) => {
  const { orders, letters, check } = perfectRun();
  const at = letters.findIndex(({ value }) => value === null);
  const letter = letters[at];
  const read = orders.find((each) => each.partition === letter?.partition && each.offset === letter.offset);
  if (read === undefined) throw new Error('There is no tombstone');
  letters[at] = letterOf(read, { value: Buffer.of() });
  t.regex((await check()).join(), /its value is \[\], not null$/);
});

test('a record that is no poison is found among the dead letters', async (t) => {
  const { orders, letters, prices, check } = perfectRun();
  const [good] = prices;
  const read = orders.find(({ header }) => header('n')?.equals(good?.header('n') ?? Buffer.of()));
  if (read === undefined) throw new Error('There is no such record');
  letters.push(letterOf(read));
  t.regex((await check()).join(), /^1 dead letters are of no poison; the first: letters\/0 offset /);
});

test('poison that has an output is found', async (t) => {
  const { letters, prices, check } = perfectRun();
  const { partition = 0, offset = 0 } = letters[0] ?? {};
  prices.push(
    recordAt(prices, { topic: 'prices', partition, headers: originHeaders({ partition, n: offset }) }),
  );
  t.regex((await check()).join(), /^1 poison records have an output; the first: prices\/0 offset /);
});
