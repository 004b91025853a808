import test from 'ava';
import { type BatchError } from '../../source/batch-error.ts';
import { eachMessage } from '../../source/each-message.ts';
import { header } from '../../source/header.ts';
import { ConfigError, type ProcessError } from '../../source/kernel/errors.ts';
import { deadLetter } from '../../source/middleware/dead-letter.ts';
import { deduplicate, type DeduplicateOptions } from '../../source/middleware/deduplicate.ts';
import { retry } from '../../source/middleware/retry.ts';
import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import { fixture, GROUP } from '../_helpers/fakes/processor-run.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';

const id = header('id');

function withId(text: string, value = text, key: string | null = null) {
  return { key, value, headers: [['id', Buffer.from(text)]] as const };
}

const copying = eachMessage(({ key, value }, sender) => {
  sender.send({ topic: 'out', key, value });
});

test('what was processed before is left out, counted and logged; messages without an id are not checked', async (t) => {
  const { kafka, clock, log, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').append('in', 0, withId('a'), withId('b'), 'none', 'none');
  const seen = new MapStore();
  const options = { stores: { seen }, middleware: [deduplicate({ store: 'seen', id })] };
  await make(copying, options).runToEnd();
  t.deepEqual(kafka.values('out'), ['a', 'b', 'none', 'none']);
  t.is((await seen.get('a'))?.toString(), String(clock.wallNow()));
  kafka.append('in', 0, withId('b'), withId('c'), withId('a'));
  const second = make(copying, options);
  await second.runToEnd();
  t.deepEqual(kafka.values('out'), ['a', 'b', 'none', 'none', 'c']);
  t.is(kafka.committed(GROUP, 'in', 0), 7);
  t.is(second.stats().tally.skipped, 2);
  const lines = log.lines.filter(({ message }) => message === 'Repeats were left out');
  t.deepEqual(
    lines.map(({ fields }) => fields),
    [{ partition: 0, messages: 2 }],
  );
});

test('ids are put after the outputs are acked, before the commit', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').append('in', 0, withId('a'));
  const store = new MapStore();
  const puts: unknown[] = [];
  const putAll = store.putAll.bind(store);
  store.putAll = (entries) => {
    puts.push([...kafka.values('out'), kafka.committed(GROUP, 'in', 0)]);
    return putAll(entries);
  };
  await make(copying, { middleware: [deduplicate({ store, id })] }).runToEnd();
  t.deepEqual(puts, [['a', 0]]);
});

test('a crash before the ids are put repeats the outputs, one after it leaves the messages out', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').append('in', 0, withId('a'));
  const store = new MapStore();
  const { putAll } = MapStore.prototype;
  store.putAll = () => Promise.reject(boom);
  const middleware = [deduplicate({ store, id })];
  const { error } = await outcome(make(copying, { middleware }).runToEnd());
  t.regex(String(error), /The step before the commit failed for in\/0 offsets 0 to 0/);
  t.is((error as ProcessError).cause, boom);
  store.putAll = async (entries) => {
    await putAll.call(store, entries);
    throw boom;
  };
  t.false((await outcome(make(copying, { middleware }).runToEnd())).ok);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.deepEqual(kafka.values('out'), ['a', 'a']);
  const last = make(copying, { middleware });
  await last.runToEnd();
  t.deepEqual(kafka.values('out'), ['a', 'a']);
  t.is(last.stats().tally.skipped, 1);
  t.is(kafka.committed(GROUP, 'in', 0), 1);
});

test('of equal ids in a batch the first counts', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').append('in', 0, withId('a', '1'), withId('a', '2'), withId('b'));
  const processor = make(copying, { middleware: [deduplicate({ store: new MapStore(), id })] });
  await processor.runToEnd();
  t.deepEqual(kafka.values('out'), ['1', 'b']);
  t.is(processor.stats().tally.skipped, 1);
});

test('a failing handler: if the first of equal ids fails, the others were not run, and its id is not put', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq');
  kafka.append('in', 0, withId('a', 'bad'), withId('b'), withId('a', 'good'));
  const store = new MapStore();
  const failing = eachMessage(({ value, valueText }, sender) => {
    sender.send({ topic: 'out', value });
    if (valueText === 'bad') throw boom;
  });
  const processor = make(failing, { middleware: [deadLetter(), deduplicate({ store, id })] });
  await processor.runToEnd();
  t.deepEqual(kafka.values('in.dlq'), ['bad']);
  t.deepEqual(kafka.values('out'), ['b', 'good'], 'the other one is run when the first was set aside');
  t.deepEqual(processor.stats().tally, { retried: 0, dead_lettered: 1, skipped: 0 });
  t.is(store.size, 2);
});

test('a BatchError says that they were not run, in the order of the batch; another error passes, and no id is put', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').append('in', 0, withId('a', 'bad'), withId('a'), withId('b', 'bad'));
  const store = new MapStore();
  const failing = eachMessage(({ valueText }) => {
    if (valueText === 'bad') throw boom;
  });
  const middleware = [deduplicate({ store, id })];
  const failed = await outcome(make(failing, { middleware }).runToEnd());
  const { failures } = (failed.error as ProcessError).cause as BatchError;
  t.deepEqual(
    failures.map(({ message, notRun }) => [message.offset, notRun]),
    [
      [0, undefined],
      [1, true],
      [2, undefined],
    ],
  );
  t.is((failures[1]?.error as Error).cause, boom);
  const process = () => Promise.reject(boom);
  t.is(((await outcome(make({ process }, { middleware }).runToEnd())).error as Error).cause, boom);
  t.is(store.size, 0);
});

test('over several attempts all that succeeded is put, once', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').append('in', 0, withId('a'), withId('b'), withId('c'));
  for (const order of ['retry inside', 'retry outside']) {
    const store = new MapStore();
    let puts = 0;
    const { putAll } = MapStore.prototype;
    store.putAll = (entries) => {
      puts++;
      return putAll.call(store, entries);
    };
    const both = [deduplicate({ store, id }), retry()];
    const flaky = eachMessage(({ value, valueText }, sender, { attempt }) => {
      sender.send({ topic: 'out', value });
      if (valueText === 'b' && attempt < 3) throw boom;
    });
    const before = kafka.values('out').length;
    kafka.setCommitted(GROUP, 'in', 0, 0);
    const run = make(flaky, { middleware: order === 'retry inside' ? both : both.toReversed() }).runToEnd();
    await clock.advance(10_000);
    await run;
    t.deepEqual(kafka.values('out').slice(before), ['a', 'c', 'b'], order);
    t.is(puts, 1, order);
    t.is(store.size, 3, order);
  }
});

test('a message of which no id can be made fails by itself, and those of its key behind it are not run', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq');
  kafka.append('in', 0, withId('1', '{', 'k'), withId('2', '{"id":"2"}', 'k'), withId('3', '{"id":"3"}'));
  const ofValue = ({ valueText }: { readonly valueText: string | null }) =>
    (JSON.parse(valueText ?? '') as { id: string }).id;
  const store = new MapStore();
  await make(copying, { middleware: [deadLetter(), deduplicate({ store, id: ofValue })] }).runToEnd();
  t.deepEqual(kafka.values('in.dlq'), ['{']);
  t.deepEqual(kafka.values('out'), ['{"id":"3"}', '{"id":"2"}']);
});

test('an id counts for ttlMs, and is put under its key', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').createTopic('out');
  const store = new MapStore();
  const middleware = [deduplicate({ store, id, key: (text) => `seen/${text}`, ttlMs: 10_000 })];
  for (const waitMs of [0, 9_999, 1, 9_999]) {
    await clock.advance(waitMs);
    kafka.append('in', 0, withId('a', `after ${waitMs}`));
    await make(copying, { middleware }).runToEnd();
  }
  t.deepEqual(kafka.values('out'), ['after 0', 'after 1']);
  t.true(await store.get('seen/a').then((value) => value !== undefined));
});

test('a close in mid-wait of a handler puts no id, and commits nothing', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').append('in', 0, withId('a'), withId('b'));
  const store = new MapStore();
  const waiting = eachMessage(({ offset }, _sender, context) =>
    offset === 1 ? context.wait(60_000) : undefined,
  );
  const processor = make(waiting, { middleware: [deduplicate({ store, id })] });
  const run = processor.runLoop();
  await clock.advance(2_000);
  await processor.close();
  await run;
  t.is(store.size, 0);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('of two partitions one leaves out what the other has processed', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').append('in', 0, withId('a'), withId('b'));
  kafka.append('in', 1, withId('c'));
  const store = new MapStore();
  const options = { inputPartitions: [0, 1], middleware: [deduplicate({ store, id })] };
  await make(copying, options).runToEnd();
  kafka.append('in', 1, withId('a'), withId('c'), withId('d'));
  await make(copying, options).runToEnd();
  t.deepEqual(kafka.values('out').toSorted(), ['a', 'b', 'c', 'd']);
});

test('of two partitions at the same time each puts its own ids alone, when its own batch is durable', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').append('in', 0, withId('a'), withId('b'));
  kafka.append('in', 1, withId('c'));
  const store = new MapStore();
  const meeting = eachMessage(async ({ value, partition }, sender, { wait }) => {
    sender.send({ topic: 'out', value });
    if (partition === 1) return;
    await wait(10_000);
    throw boom;
  });
  const processor = make(meeting, {
    inputPartitions: [0, 1],
    concurrency: 2,
    middleware: [deduplicate({ store, id })],
  });
  const run = outcome(processor.runLoop());
  await clock.advance(2_000);
  t.is(kafka.committed(GROUP, 'in', 1), 1, 'while the other one is in process');
  t.deepEqual([...(await store.getAll(['a', 'b', 'c'])).keys()], ['c']);
  await clock.advance(60_000);
  t.false((await run).ok);
  t.deepEqual([...(await store.getAll(['a', 'b', 'c'])).keys()], ['c']);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('a batch is asked for by one getAll, which has each id once, and nothing is asked for without ids', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out');
  kafka.append('in', 0, withId('a'), withId('b'), withId('a'), 'none');
  const store = new MapStore();
  const asked: (readonly string[])[] = [];
  const getAll = store.getAll.bind(store);
  store.getAll = (keys: readonly string[]) => {
    asked.push([...keys]);
    return getAll(keys);
  };
  const middleware = [deduplicate({ store, id })];
  await make(copying, { middleware }).runToEnd();
  t.deepEqual(asked, [['a', 'b']]);
  kafka.append('in', 0, 'none');
  await make(copying, { middleware }).runToEnd();
  t.is(asked.length, 1);
});

test('a MapStore with maxEntries forgets the id that was put the longest ago', async (t) => {
  const store = new MapStore({ maxEntries: 2 });
  const value = Buffer.from('1');
  await store.putAll([
    ['a', value],
    ['b', value],
  ]);
  await store.put('a', value);
  await store.put('c', value);
  t.is(store.size, 2);
  t.deepEqual([...(await store.getAll(['a', 'b', 'c'])).keys()], ['a', 'c']);
  for (const options of [{ maxEntries: 0 }, { maxEntries: 1.5 }, { max: 1 }, 5])
    t.throws(() => new MapStore(options as object), { instanceOf: ConfigError });
});

test('outside of deadLetter it is warned of at the start', async (t) => {
  const { kafka, log, make } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq');
  await make(copying, { middleware: [deduplicate({ store: new MapStore(), id }), deadLetter()] }).runToEnd();
  t.true(log.warnings().some((text) => text.startsWith('deduplicate stands outside of deadLetter')));
});

test('a store that is not there or has tenants, and options that make no sense, are a ConfigError', (t) => {
  const { make } = fixture(t);
  const stores = { seen: new MapStore(), many: new MultiMapStore() };
  const make1 = (store: string, known = stores) =>
    make(copying, { stores: known, middleware: [deduplicate({ store, id })] });
  t.throws(() => make1('sen'), {
    message: /middleware\[0\]: deduplicate: unknown store 'sen'; did you mean 'seen'\?/,
  });
  t.throws(() => make1('many'), { message: /store 'many' is a MultiStore/ });
  t.throws(() => make1('seen', {} as typeof stores), {
    message: /no store 'seen': the option stores is empty/,
  });
  const bad = { store: 5, id: 'id', key: 1, ttlMs: -1 };
  const error = t.throws(() => deduplicate(bad as unknown as DeduplicateOptions), {
    instanceOf: ConfigError,
  });
  t.is(error.problems.length, 4, error.message);
});

test('an id that is no text fails the batch', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const middleware = [deduplicate({ store: new MapStore(), id: () => 5 as unknown as string })];
  const { error } = await outcome(make(copying, { middleware }).runToEnd());
  t.regex(String(error), /deduplicate: id must return text, or undefined for no id, not 5/);
});
