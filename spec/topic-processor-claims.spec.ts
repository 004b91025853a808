import test from 'ava';
import type { FakeCall } from '../source/testing/fake-kafka/fake-requests.ts';
import { AssignmentError, FencedError, ProcessError, TimeoutError } from '../source/kernel/errors.ts';
import { prefetch } from '../source/prefetch.ts';
import { MapStore } from '../stores/map-store.ts';
import { CLAIMS_GROUP, entryOf, leaveEntry } from './_helpers/fakes/claims-on-fake.ts';
import { FakeClock } from '../source/testing/fake-clock.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';

const claims = { claims: true } as const;
const ofClaims = ({ groupId }: FakeCall) => groupId === CLAIMS_GROUP;

test('partitions are claimed before their offsets are read; a start position is committed, and fetched from, after the settle wait', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const run = make(noting([]), claims).runToEnd();
  await clock.advance(999);
  const groups = (name: string) => kafka.callsOf(name).map(({ groupId }) => groupId);
  t.deepEqual(groups('fetchOffsets'), [CLAIMS_GROUP, GROUP]);
  t.deepEqual(groups('commit'), [CLAIMS_GROUP]);
  t.deepEqual(kafka.order('fetch'), []);
  await clock.advance(1);
  await run;
  t.deepEqual(groups('fetchOffsets'), [CLAIMS_GROUP, GROUP, CLAIMS_GROUP, CLAIMS_GROUP]);
  t.deepEqual(groups('commit'), [CLAIMS_GROUP, GROUP, GROUP, CLAIMS_GROUP]);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  t.is(kafka.committedOf(GROUP, { topic: 'in', partition: 0 }).metadata, '', 'the metadata stays the user’s');
});

test('where offsets were committed before, records are fetched during the settle wait, but not processed', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30).setCommitted(GROUP, 'in', 0, 5);
  const batches: SeenBatch[] = [];
  const processor = make(noting(batches), claims);
  const run = processor.runToEnd();
  await clock.advance(999);
  t.is(processor.stats().buffered, 25);
  t.deepEqual(batches, []);
  await clock.advance(1);
  t.is((await run).records, 25);
});

test('init and onAssigned wait for the end of the settle wait', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').setCommitted(GROUP, 'in', 0, 0);
  const seen: string[] = [];
  const processor = make(
    {
      process: () => undefined,
      init: () => void seen.push('init'),
      onAssigned: () => void seen.push('assigned'),
    },
    claims,
  );
  const run = processor.runToEnd();
  await clock.advance(999);
  t.deepEqual(seen, []);
  await clock.advance(1);
  await run;
  t.deepEqual(seen, ['init', 'assigned']);
});

test('of two that start at once, the one that loses neither commits a start position nor calls the processor', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const reads = kafka.hold('fetchOffsets', ofClaims);
  const never = {
    process: () => t.fail('a batch'),
    init: () => t.fail('init'),
    onRevoked: () => t.fail('revoked'),
  };
  const loser = outcome(make(never, { ...claims, initialOffset: 'latest' }).runLoop());
  await kafka.quiet();
  const winner = make(noting([]), { ...claims, initialOffset: 'earliest' });
  const won = outcome(winner.runToEnd());
  await kafka.quiet();
  kafka.append('in', 0, 'one more');
  reads.open();
  await clock.advance(2_000);
  t.true((await loser).error instanceof AssignmentError);
  t.like((await won).summary, { records: 11 });
  t.deepEqual(
    kafka
      .callsOf('committed')
      .flatMap(({ groupId, offsets }) => (groupId === GROUP ? [offsets?.[0]?.offset] : [])),
    [0, 10, 11],
  );
});

test('a second start while the first runs fails, and disturbs nothing', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const first = make(noting([]), claims);
  const run = first.runLoop();
  await clock.advance(1_000);
  const second = make(noting([]), claims);
  const refused = outcome(second.runToEnd());
  await clock.advance(4_000);
  const { error } = await refused;
  t.true(error instanceof AssignmentError);
  t.regex(
    String(error),
    new RegExp(
      `in/0 is processed by .*: process ${process.pid} on host .*, running since 2024-01-01T00:00:00`,
    ),
  );
  t.is(second.state, 'failed');
  kafka.fill('in', 0, 10);
  await clock.advance(1_000);
  t.is(first.stats().records, 20);
  await first.close();
  await run;
});

test('hasConsumedAllMessages asks for no claim', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in');
  t.true(await make(noting([]), claims).hasConsumedAllMessages());
  t.deepEqual(kafka.calls.filter(ofClaims), []);
});

test('with claims: false nothing is claimed, and nobody is asked', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  leaveEntry(kafka, {});
  await make(noting([]), { claims: false }).runToEnd();
  t.deepEqual(kafka.calls.filter(ofClaims), []);
});

test('after a run, also one that failed or was closed while it started, the next one starts at once', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const closed = make(noting([]), claims);
  const first = outcome(closed.runLoop());
  await kafka.quiet();
  await closed.close();
  t.true((await first).ok);
  t.true(entryOf(kafka).record?.released);
  const failed = outcome(
    make(
      noting([], () => {
        throw new Error('bad');
      }),
      claims,
    ).runLoop(),
  );
  await clock.advance(1_000);
  t.true((await failed).error instanceof ProcessError);
  t.true(entryOf(kafka).record?.released);
  const third = outcome(make(noting([]), claims).runToEnd());
  await clock.advance(1_000);
  t.like((await third).summary, { records: 10 });
  t.true(entryOf(kafka).record?.released);
});

test('the release comes last, after the commit and the processor’s own close', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const close = () => {
    kafka.note('closed');
  };
  const run = make({ process: () => undefined, close }, claims).runToEnd();
  await clock.advance(1_000);
  await run;
  t.deepEqual(kafka.order('commit', 'closed', 'closeSink', 'close').slice(-4), [
    'closeSink',
    'closed',
    'commit',
    'close',
  ]);
  t.deepEqual(
    kafka
      .callsOf('commit')
      .map(({ groupId }) => groupId)
      .slice(-2),
    [GROUP, CLAIMS_GROUP],
  );
});

for (const [name, stop] of [
  [
    'stopped',
    (clock: FakeClock) => {
      clock.sleepThrough(20_000);
    },
  ],
  [
    'suspended with its machine',
    (clock: FakeClock) => {
      clock.jumpWall(20_000);
    },
  ],
] as const) {
  test(`an owner that was ${name} in the midst of a batch ends with FencedError: no flush of stores, no commit, no release, no other batch`, async (t) => {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 25);
    const slept = { clock: new FakeClock(() => kafka.quiet()) };
    const work = kafka.hold('process');
    const store = new MapStore();
    store.flush = async () => {
      kafka.note('storeFlush');
    };
    const batches: SeenBatch[] = [];
    const sleeper = make(
      noting(batches, async () => {
        if (batches.length === 2) await kafka.answer({ name: 'process' });
      }),
      { ...claims, ...slept, stores: { store: { store, flush: true } } },
    );
    const fenced = outcome(sleeper.runLoop());
    await slept.clock.advance(1_000);
    t.is(work.waiting.length, 1);
    t.is(kafka.committed(GROUP, 'in', 0), 10);

    const next = outcome(make(noting([]), claims).runToEnd());
    await clock.advance(17_000);
    t.like((await next).summary, { records: 15 });

    stop(slept.clock);
    kafka.calls.length = 0;
    work.open();
    await kafka.quiet();
    const { error } = await fenced;
    t.true(error instanceof FencedError, String(error));
    t.deepEqual((error as FencedError).suppressed, []);
    await slept.clock.advance(120_000);
    t.deepEqual(kafka.order('storeFlush', 'commit', 'committed'), []);
    t.is(kafka.committed(GROUP, 'in', 0), 25);
    t.is(batches.length, 2);
    t.is(slept.clock.pending, 0);
  });
}

test('an owner that slept in process, or in a step before the commit, records nothing more', async (t) => {
  for (const [held, recorded] of [
    ['process', []],
    ['first', ['first']],
  ] as const) {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 5);
    const slept = { clock: new FakeClock(() => kafka.quiet()) };
    const gate = kafka.hold(held);
    const seen: string[] = [];
    const sleeper = make(
      {
        async process(_messages, _sender, context) {
          context.beforeCommit(async () => {
            seen.push('first');
            await kafka.answer({ name: 'first' });
          });
          context.beforeCommit(() => void seen.push('second'));
          await kafka.answer({ name: 'process' });
        },
      },
      { ...claims, ...slept },
    );
    const fenced = outcome(sleeper.runToEnd());
    await slept.clock.advance(1_000);
    t.is(gate.waiting.length, 1);

    const next = outcome(make(noting([]), claims).runToEnd());
    await clock.advance(17_000);
    t.like((await next).summary, { records: 5 });

    slept.clock.sleepThrough(20_000);
    gate.open();
    await kafka.quiet();
    const { error } = await fenced;
    t.true(error instanceof FencedError, String(error));
    t.deepEqual(seen, recorded);
  }
});

test('an owner that slept while it worked on prefetched values does not write them back', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 15);
  const slept = { clock: new FakeClock(() => kafka.quiet()) };
  const work = kafka.hold('process');
  const store = new MapStore();
  const sleeper = prefetch(
    store,
    () => 'last',
    async (messages, _sender, view) => {
      if (messages[0]?.offset === 10) await kafka.answer({ name: 'process' });
      view.set('last', Buffer.from(String(messages.at(-1)?.offset)));
    },
  );
  const fenced = outcome(make(sleeper, { ...claims, ...slept }).runToEnd());
  await slept.clock.advance(1_000);
  t.is(work.waiting.length, 1);
  const next = outcome(make(noting([]), claims).runToEnd());
  await clock.advance(17_000);
  t.like((await next).summary, { records: 5 });
  slept.clock.sleepThrough(20_000);
  work.open();
  t.true((await fenced).error instanceof FencedError);
  t.is((await store.get('last'))?.toString(), '9');
});

test('an owner that wakes up with a commit to retry, or a batch that is due, does neither', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 25);
  const slept = { clock: new FakeClock(() => kafka.quiet()) };
  const batches: SeenBatch[] = [];
  const fenced = outcome(make(noting(batches), { ...claims, ...slept }).runLoop());
  await slept.clock.advance(1_000);
  t.is(batches.length, 2);
  t.is(kafka.committed(GROUP, 'in', 0), 20, 'five records wait for their batch');
  const next = outcome(make(noting([]), claims).runToEnd());
  await clock.advance(17_000);
  t.true((await next).ok);
  slept.clock.sleepThrough(61_000);
  kafka.calls.length = 0;
  await slept.clock.advance(1);
  t.true((await fenced).error instanceof FencedError);
  t.is(batches.length, 2);
  t.deepEqual(kafka.order('commit'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 25);
});

test('while the claims cannot be read, batches and commits wait; then all goes on', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), claims);
  const run = outcome(processor.runLoop());
  await clock.advance(1_000);
  const outage = kafka.hold('fetchOffsets', ofClaims);
  await clock.advance(6_000);
  kafka.fill('in', 0, 10);
  await clock.advance(60_000);
  t.is(processor.stats().batches, 1);
  t.is(processor.state, 'running');
  outage.open();
  await kafka.quiet();
  t.is(processor.stats().batches, 2);
  await processor.close();
  t.true((await run).ok);
});

test('close stays within closeTimeoutMs while the claims cannot be read, whether there is something to commit or not', async (t) => {
  for (const hasWork of [false, true]) {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const work = kafka.hold('process');
    const processor = make(
      noting([], () => (hasWork ? kafka.answer({ name: 'process' }) : undefined)),
      { ...claims, closeTimeoutMs: 8_000 },
    );
    const run = outcome(processor.runLoop());
    await clock.advance(1_000);
    kafka.hold('fetchOffsets', ofClaims);
    await clock.advance(6_000);
    work.open();
    const closed = outcome(processor.close() as Promise<never>);
    await clock.advance(4_999);
    t.is(await stateOf(closed), 'pending');
    await clock.advance(3_001);
    const { error } = await run;
    t.is(error instanceof TimeoutError, hasWork, String(error));
    t.is(kafka.committed(GROUP, 'in', 0), hasWork ? 0 : 10);
    t.is(entryOf(kafka).record?.released, undefined);
    t.is(clock.pending, 0);
    await closed;
  }
});

test('a function that hangs keeps its partitions from the next owner, since it may still write', async (t) => {
  const { kafka, make, clock, outcome, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const run = outcome(
    make(
      noting([], () => new Promise<never>(() => undefined)),
      { ...claims, processTimeoutMs: 1_000, closeTimeoutMs: 1_000 },
    ).runLoop(),
  );
  await clock.advance(4_000);
  t.true((await run).error instanceof TimeoutError);
  t.is(entryOf(kafka).record?.released, undefined);
  t.true(log.messages('warn').includes('The claims are not released, since work may still be in process'));
});
