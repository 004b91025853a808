import test from 'ava';
import type { Monitored } from '../metrics/monitor.ts';
import { ConfigError, ConnectionError } from '../source/kernel/errors.ts';
import { KeptMetrics } from './_helpers/fakes/kept-metrics.ts';
import { fixture, noting, stateOf } from './_helpers/fakes/processor-run.ts';

const good = { healthy: true, degraded: false, ready: true, problems: [] };

/** Whether it is healthy and ready, and the problems in one line. */
function brief({
  healthy,
  ready,
  problems,
}: {
  healthy: boolean;
  ready: boolean;
  problems: readonly string[];
}) {
  return [healthy, ready, problems.join('; ')];
}

test('from start to end it says whether it is ready, and why not', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const connecting = kafka.hold('connect');
  const initialising = kafka.hold('init');
  const processor = make({
    init: () => kafka.answer({ name: 'init' }),
    process: () => undefined,
  });
  t.deepEqual(brief(processor.health()), [true, false, 'It has not been started yet']);
  const run = processor.runLoop();
  await kafka.quiet();
  t.deepEqual(brief(processor.health()), [true, false, 'It is starting: it connects to Kafka']);
  connecting.open();
  await kafka.quiet();
  t.deepEqual(brief(processor.health()), [true, false, 'It is starting: init() is awaited']);
  initialising.open();
  await kafka.quiet();
  t.deepEqual(processor.health(), good);
  const closing = kafka.hold('closeSink');
  const closed = processor.close();
  await kafka.quiet();
  t.deepEqual(brief(processor.health()), [true, false, 'It is closing']);
  closing.open();
  await closed;
  await run;
  t.deepEqual(brief(processor.health()), [true, false, 'It is closed']);
});

test('a stuck partition is told, with a lag that goes on rising, and no longer once it comes forward', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 2000).fill('in', 1, 5);
  const metrics = new KeptMetrics();
  let letGo: (() => void) | undefined;
  const processor = make(
    noting([], async (messages) => {
      if (messages[0]?.partition === 0 && letGo === undefined)
        await new Promise<void>((done) => (letGo = done));
    }),
    { inputPartitions: [0, 1], concurrency: 2, metrics },
  );
  const run = processor.runLoop();
  await clock.advance(119_000);
  t.deepEqual(processor.health(), good);
  t.true(processor.stats().partitions[0]?.paused);
  kafka.fill('in', 0, 500);
  await clock.advance(1000);
  t.deepEqual(brief(processor.health()), [
    false,
    true,
    'in/0 has made no progress for 120 s, with a lag of 2500 records: a batch of 10 messages has been in process for 120 s',
  ]);
  kafka.fill('in', 0, 500);
  await clock.advance(15_000);
  metrics.collect();
  t.is(metrics.value('lag_records', 'spec', 'in', '0'), 3000);
  t.is(metrics.value('high_watermark_offset', 'spec', 'in', '0'), 3000);
  t.is(metrics.value('progress_age_seconds', 'spec', 'in', '0'), 135);
  t.is(metrics.value('lag_records', 'spec', 'in', '1'), 0);
  letGo?.();
  await kafka.quiet();
  t.deepEqual(processor.health(), good);
  t.is(metrics.collect().value('lag_records', 'spec', 'in', '0'), 0);
  t.is(metrics.value('progress_age_seconds', 'spec', 'in', '0'), 0);
  await processor.close();
  await run;
});

test('what comes after a long time of rest has all its time', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const never = new Promise<void>(() => undefined);
  let calls = 0;
  const processor = make({ process: () => (calls++ === 0 ? undefined : never) });
  const run = processor.runLoop();
  run.catch(() => undefined);
  await clock.advance(600_000);
  t.deepEqual(processor.health(), good);
  t.is(processor.stats().partitions[0]?.msSinceProgress, 0);
  kafka.fill('in', 0, 10);
  await clock.advance(119_999);
  t.deepEqual(processor.health(), good);
  t.is(processor.stats().partitions[0]?.msSinceProgress, 119_999);
  await clock.advance(1);
  t.false(processor.health().healthy);
  const closed = processor.close().catch(() => undefined);
  await clock.advance(60_000);
  await closed;
});

test('messages may gather for longer than stallTimeoutMs', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const processor = make(noting([]), { batchWaitMs: 600_000 });
  const run = processor.runLoop();
  await clock.advance(590_000);
  t.is(processor.stats().partitions[0]?.msSinceProgress, 590_000);
  t.deepEqual(processor.health(), good);
  await processor.close();
  await run;
});

test('a bounded run that waits for another partition has nothing to do for what came later', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 3).fill('in', 1, 3);
  const gate = kafka.hold('slow');
  const processor = make(
    noting([], (messages) => (messages[0]?.partition === 1 ? kafka.answer({ name: 'slow' }) : undefined)),
    { inputPartitions: [0, 1], stallTimeoutMs: 60_000 },
  );
  const run = processor.runToEnd();
  await kafka.quiet();
  kafka.fill('in', 0, 100);
  await clock.advance(100_000);
  const [first] = processor.stats().partitions;
  t.like(first, { lag: 100, msSinceProgress: 0 });
  t.is(processor.stats().partitionProcessors[0]?.step, 'ended');
  t.is(processor.health().problems.length, 1);
  t.regex(processor.health().problems[0] ?? '', /^in\/1 /);
  gate.open();
  await run;
});

test('brokers that answer nothing are told, and no longer once they answer', async (t) => {
  const { kafka, clock, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]), { offsetRefreshMs: 3_600_000 });
  const run = processor.runLoop();
  await kafka.quiet();
  const silence = kafka.hold('listOffsets');
  await clock.advance(15_000);
  await clock.advance(119_999);
  t.deepEqual(processor.health(), good);
  await clock.advance(1);
  t.deepEqual(brief(processor.health()), [false, true, 'No broker has answered for 120 s']);
  silence.open();
  await kafka.quiet();
  t.deepEqual(processor.health(), good);
  const gone = new ConnectionError('gone', { retriable: true });
  kafka.fail('listOffsets', gone, { times: 40 });
  await clock.advance(135_000);
  t.false(processor.health().healthy);
  t.true(
    log.messages('warn').some((message) => message.startsWith('The ends of the logs could not be asked for')),
  );
  t.is(await stateOf(run), 'pending', 'it never ends a run');
  await processor.close();
  await run;
});

test('lag follows the ends that leaders tell, for topics that are empty, and after a restart', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 1, 4).beginTransaction('in', 1).fill('in', 1, 6);
  const first = make(noting([]), { inputPartitions: [0, 1] });
  await first.runToEnd();
  const fetches = kafka.hold('fetch');
  const processor = make(noting([]), { inputPartitions: [0, 1] });
  const run = processor.runLoop();
  const ends = () => processor.stats().partitions.map(({ lag, highWatermark }) => [lag, highWatermark]);
  await clock.advance(15_000);
  t.deepEqual(ends(), [
    [0, 0],
    [0, 10],
  ]);
  t.is(processor.stats().endsAskedAt, clock.wallNow());
  kafka.endTransaction('in', 1).fill('in', 0, 2);
  await clock.advance(15_000);
  t.deepEqual(ends(), [
    [2, 2],
    [7, 11],
  ]);
  fetches.open();
  await clock.advance(15_000);
  t.deepEqual(ends(), [
    [0, 2],
    [0, 11],
  ]);
  await processor.close();
  await run;
});

test('a monitor shows it from before it connects until everything has ended', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const metrics = new KeptMetrics();
  let monitored: Monitored | undefined;
  const states: string[] = [];
  const processor = make(noting([]), {
    metrics,
    monitor: {
      watch: (shown) => {
        monitored = shown;
        kafka.note('watch');
        return Promise.resolve(() => {
          kafka.note('release');
          states.push(processor.state);
          return Promise.resolve();
        });
      },
    },
  });
  await processor.runToEnd();
  t.deepEqual(kafka.order('watch', 'connect', 'close', 'release'), ['watch', 'connect', 'close', 'release']);
  t.deepEqual(states, ['closing']);
  t.is(monitored?.name, 'spec');
  t.is(monitored?.metrics, metrics);
  t.deepEqual(monitored?.stats(), processor.stats());
  t.deepEqual(monitored?.health(), processor.health());
});

test('a signal that is aborted already leaves no monitor open', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in');
  let open = 0;
  const processor = make(noting([]), {
    monitor: {
      watch() {
        open++;
        return Promise.resolve(() => {
          open--;
          return Promise.resolve();
        });
      },
    },
  });
  t.like(await processor.runLoop({ signal: AbortSignal.abort() }), { records: 0 });
  t.is(open, 0);
  t.is(processor.state, 'closed');
  t.deepEqual(kafka.order('connect', 'close'), ['close']);
});

test('a monitor that opens while the processor is closed is released', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in');
  const seen: string[] = [];
  let open: (() => void) | undefined;
  const processor = make(noting([]), {
    monitor: {
      watch: () =>
        new Promise((resolve) => {
          open = () => {
            seen.push('opened');
            resolve(() => {
              seen.push('released');
              return Promise.resolve();
            });
          };
        }),
    },
  });
  const run = processor.runLoop();
  await kafka.quiet();
  const closed = processor.close();
  await kafka.quiet();
  open?.();
  await closed;
  t.like(await run, { records: 0 });
  t.deepEqual(seen, ['opened', 'released']);
});

test('a monitor that cannot listen ends the run before Kafka is touched', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in');
  const inUse = new ConfigError(['port 9464 is in use'], { what: 'MonitorServer' });
  const processor = make(noting([]), { monitor: { watch: () => Promise.reject(inUse) } });
  const { error } = await outcome(processor.runLoop());
  t.is(error, inUse);
  t.deepEqual(kafka.order('connect', 'close'), ['close']);
  t.is(processor.state, 'failed');
  t.deepEqual(brief(processor.health()), [
    false,
    false,
    'The run has failed: MonitorServer: port 9464 is in use',
  ]);
});

test('a monitor that is still opening when the processor closes is let go', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in');
  let opened: ((release: () => Promise<void>) => void) | undefined;
  const processor = make(noting([]), {
    monitor: { watch: () => new Promise((resolve) => (opened = resolve)) },
  });
  const run = processor.runLoop();
  await kafka.quiet();
  const closed = processor.close();
  await kafka.quiet();
  opened?.(() => {
    kafka.note('release');
    return Promise.resolve();
  });
  await closed;
  t.is((await run).records, 0);
  t.deepEqual(kafka.order('connect', 'release'), ['release']);
});

test('a monitor that cannot be let go is a failure, and nothing is left open', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in');
  const processor = make(noting([]), {
    monitor: { watch: () => Promise.resolve(() => Promise.reject(new Error('stuck'))) },
  });
  const { error } = await outcome(processor.runToEnd());
  t.regex(String(error), /The monitor could not be closed: Error: stuck/);
  t.is(processor.state, 'failed');
  t.is(clock.pending, 0);
});
