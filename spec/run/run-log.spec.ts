import { hostname } from 'node:os';
import { Writable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { winstonLogger, type LogFormat } from 'kasper-ts/logging';
import { MapStore } from 'kasper-ts/stores';
import { logStart } from '../../source/run/run-log.ts';
import { makeConfig } from '../../source/config/config.ts';
import type { TopicProcessorOptions } from '../../source/config/options.ts';
import { ConnectionError } from '../../source/kernel/errors.ts';
import { partitionList } from '../../source/kernel/partition-list.ts';
import { fixture, LineLogger, noting } from '../_helpers/fakes/processor-run.ts';
import { turns } from '../../source/testing/fake-clock.ts';

/** A logger of lines without what differs from machine to machine. */
function linesOf(format: LogFormat) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(
        String(chunk)
          .trimEnd()
          .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME')
          .replace(hostname(), 'HOST')
          .replace(`${process.pid}`, 'PID')
          .replace(process.versions.node, 'NODE')
          .replace(/("version":"|version=)\d+\.\d+\.\d+/, '$1VERSION'),
      );
      done();
    },
  });
  return { logger: winstonLogger({ format, stream, label: 'spec' }), written };
}

/** A run of 20 records that takes 2 s of the fake clock. */
async function run(t: ExecutionContext, format: LogFormat, options: Partial<TopicProcessorOptions> = {}) {
  const { logger, written } = linesOf(format);
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 20);
  const ended = outcome(make(noting([]), { inputPartitions: [0, 1, 2], logger, ...options }).runToEnd());
  await clock.advance(2000);
  const { error } = await ended;
  await turns();
  return { written, error };
}

test('a run says in one line what it reads and how, and in one what it has done: text', async (t) => {
  const stores = { counts: { store: new MapStore(), flush: true }, names: new MapStore() };
  const { written } = await run(t, 'text', { stores, instanceId: 'pod-0' });
  t.deepEqual(written, [
    'TIME info  [spec] Run starts topicProcessor=spec group=kasper-topic-processor-spec topics=in partitions=0-2 until=end batchSize=10 batchWaitMs=1000 ' +
      'batchBytes=16777216 isolation=read_committed commit=pipelined claims=false instanceId=pod-0 stores=counts,names flushedStores=counts host=HOST pid=PID version=VERSION node=NODE',
    `TIME info  [spec] No committed offset; starting at 'earliest' topicProcessor=spec partitions=["in/0 at 0","in/1 at 0","in/2 at 0"]`,
    'TIME info  [spec] Run ended topicProcessor=spec state=ended records=20 batches=2 sent=0 repeated=0 durationMs=0 recordsPerSecond=0',
  ]);
});

test('a run says in one line what it reads and how, and in one what it has done: JSON', async (t) => {
  const { written } = await run(t, 'json');
  t.deepEqual(written, [
    '{"time":"TIME","level":"info","label":"spec","message":"Run starts","topicProcessor":"spec","group":"kasper-topic-processor-spec","topics":"in","partitions":"0-2","until":"end",' +
      '"batchSize":10,"batchWaitMs":1000,"batchBytes":16777216,"isolation":"read_committed","commit":"pipelined","claims":false,"host":"HOST","pid":PID,"version":"VERSION","node":"NODE"}',
    `{"time":"TIME","level":"info","label":"spec","message":"No committed offset; starting at 'earliest'","topicProcessor":"spec","partitions":["in/0 at 0","in/1 at 0","in/2 at 0"]}`,
    '{"time":"TIME","level":"info","label":"spec","message":"Run ended","topicProcessor":"spec","state":"ended","records":20,"batches":2,"sent":0,"repeated":0,"durationMs":0,"recordsPerSecond":0}',
  ]);
});

test('a run that is closed has stopped, with its totals over its time', async (t) => {
  const { kafka, clock, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const processor = make(noting([]));
  const ended = processor.runLoop();
  await clock.advance(2000);
  await processor.close();
  await ended;
  t.deepEqual(log.lines.at(-1), {
    level: 'info',
    message: 'Run stopped',
    fields: {
      state: 'stopped',
      records: 30,
      batches: 3,
      sent: 0,
      repeated: 0,
      durationMs: 2000,
      recordsPerSecond: 15,
    },
  });
});

test('a run that has failed says so as an error, with the code and the error, after the repeats that were held back', async (t) => {
  const { kafka, clock, make, log, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  kafka.fail('commit', new ConnectionError('no coordinator', { retriable: true }), { times: 1000 });
  const ended = outcome(make(noting([]), { commitTimeoutMs: 10_000 }).runToEnd());
  await clock.advance(60_000);
  const { error } = await ended;
  const [more, last] = log.lines.slice(-2);
  t.regex(
    more?.message ?? '',
    /^Offsets could not be committed yet; trying again … \d+ more like this in the last \d+ s$/,
  );
  t.is(last?.level, 'error');
  t.is(last?.message, 'Run failed');
  t.like(last?.fields, { state: 'failed', code: 'COMMIT', records: 0, batches: 0, error });
});

test('a bounded run that is closed before its end has stopped, not ended', async (t) => {
  const { kafka, make, log } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 30);
  const processor = make(
    noting([], (_messages, _sender, context) => {
      context.stop();
    }),
  );
  await processor.runToEnd();
  t.like(log.lines.at(-1), { message: 'Run stopped', fields: { state: 'stopped', records: 10 } });
});

test('the line at the start tells where Kafka is and how it is reached, and no secret', (t) => {
  const log = new LineLogger();
  const client = {
    brokers: ['a:9092', 'sasl://ann:pa55word@b:9092'],
    ssl: { key: '-----BEGIN PRIVATE KEY-----', passphrase: 'pa55word' },
    sasl: { mechanism: 'plain', username: 'ann', password: 'pa55word' } as const,
  };
  logStart(
    makeConfig({
      topicProcessorName: 'spec',
      client,
      inputTopics: ['a', 'b'],
      inputPartitions: [4, 5, 6, 9],
      monitor: { port: 9464 },
    }),
    false,
    log,
  );
  t.like(log.lines[0]?.fields, {
    topics: 'a,b',
    partitions: '4-6,9',
    until: 'closed',
    brokers: 'a:9092,sasl://***@b:9092',
    tls: true,
    sasl: 'plain',
    batchSize: 1000,
    monitor: '127.0.0.1:9464',
  });
  t.notRegex(JSON.stringify(log.lines), /pa55word|PRIVATE/);
});

test('partitions are listed as ranges', (t) => {
  t.is(partitionList([14, 0, 1, 2, 3, 11, 12]), '0-3,11-12,14');
  t.is(partitionList([7]), '7');
  t.is(partitionList([]), '');
});
