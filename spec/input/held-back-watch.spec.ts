import test, { type ExecutionContext } from 'ava';
import type { LogEnd } from '../../source/input/end-offset-watch.ts';
import { HeldBackWatch } from '../../source/input/held-back-watch.ts';
import type { KafkaAdmin, OpenTransaction } from '../../source/kafka/admin.ts';
import { BrokerError } from '../../source/kernel/errors.ts';
import { FakeClock, turns } from '../../source/testing/fake-clock.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';

const at = { topic: 'in', partition: 3 };
const ends = (visibleEnd: number, highWatermark: number, partition = 3): LogEnd => ({
  topic: 'in',
  partition,
  visibleEnd,
  highWatermark,
});

/** A watch that is shown ends each 15 s. */
function watching(
  t: ExecutionContext,
  open: () => Promise<OpenTransaction[] | undefined>,
  heldBackTimeoutMs = 900_000,
) {
  const clock = new FakeClock();
  const log = new LineLogger();
  const admin: Pick<KafkaAdmin, 'openTransactions'> = { openTransactions: open };
  const watch = new HeldBackWatch({
    config: { clock, heldBackTimeoutMs },
    client: { admin: () => admin as KafkaAdmin },
    logger: log,
  });
  t.teardown(() => {
    watch.stop();
  });
  const show = async (...shown: readonly LogEnd[]) => {
    watch.look(shown);
    await turns(3);
    await clock.advance(15_000);
  };
  return { log, watch, show };
}

const ofProducer = (producerId: number, partition = 3): OpenTransaction => ({
  topic: 'in',
  partition,
  producerId,
  firstOffset: 7,
  lastWriteAt: undefined,
});

test('a last stable offset that does not move while records lie beyond it is held back since it was first seen', async (t) => {
  const { watch, show, log } = watching(t, () => Promise.resolve([ofProducer(4711)]));
  await show(ends(7, 9));
  t.is(watch.of(at), undefined, 'once is what any transaction looks like');
  await show(ends(7, 12));
  t.deepEqual(watch.of(at), { ms: 15_000, offset: 7, producerIds: [] });
  t.deepEqual(log.lines, []);
  await show(ends(7, 12));
  await show(ends(7, 12));
  await show(ends(7, 40));
  t.deepEqual(watch.of(at), { ms: 60_000, offset: 7, producerIds: [4711] });
  t.is(log.lines.length, 1);
  t.regex(log.lines[0]?.message ?? '', /transaction of another producer stays open.*held back.*no lag/);
  t.deepEqual(log.lines[0]?.fields, {
    partitions: 'in/3',
    forMs: 60_000,
    producers: '4711 in in/3 from 7 on',
    toAbort: '--topic in --partition 3 --start-offset 7',
  });
  await show(ends(7, 41));
  t.is(log.lines.length, 1, 'it is said once');
  await show(ends(42, 42));
  t.is(watch.of(at), undefined);
  t.deepEqual(log.lines.at(-1), {
    level: 'info',
    message: 'Records are no longer held back by a transaction',
    fields: { partitions: 'in/3' },
  });
});

test('transactions that follow each other hold nothing back', async (t) => {
  const { watch, show, log } = watching(t, () => Promise.resolve([]));
  for (let offset = 0; offset < 20; offset++) {
    await show(ends(offset, offset + 5));
    t.is(watch.of(at), undefined);
  }
  t.deepEqual(log.lines, []);
});

test('a reader of everything is never held back', async (t) => {
  const { watch, show } = watching(t, () => Promise.resolve([]));
  for (let i = 0; i < 10; i++) await show(ends(9, 9));
  t.is(watch.of(at), undefined);
});

test('all that are held back are told in one short warning', async (t) => {
  let asked = 0;
  const { show, log } = watching(t, () => {
    asked++;
    return Promise.resolve(Array.from({ length: 1_000 }, (_none, partition) => ofProducer(1, partition)));
  });
  const all = Array.from({ length: 1_000 }, (_none, partition) => ends(7, 9, partition));
  for (let i = 0; i < 6; i++) await show(...all);
  t.is(asked, 1);
  t.is(log.lines.length, 1);
  t.true(JSON.stringify(log.lines).length < 1_000);
  t.is(log.lines[0]?.fields?.['partitions'], 'in/0-999');
});

test('brokers that do not say whose transaction it is, or not to this user, do not keep back the warning', async (t) => {
  const refused = new BrokerError('TOPIC_AUTHORIZATION_FAILED', {
    brokerCode: 29,
    brokerError: 'TOPIC_AUTHORIZATION_FAILED',
    retriable: false,
  });
  for (const [open, producers] of [
    [() => Promise.resolve(undefined), /older than Kafka 2\.8/],
    [() => Promise.reject(refused), /not known: TOPIC_AUTHORIZATION_FAILED/],
  ] as const) {
    const { watch, show, log } = watching(t, open);
    for (let i = 0; i < 5; i++) await show(ends(7, 9));
    t.is(log.lines.length, 1);
    t.regex(String(log.lines[0]?.fields?.['producers']), producers);
    t.deepEqual(watch.of(at)?.producerIds, []);
  }
});

test('a limit for health below a minute is one for the warning too', async (t) => {
  const { show, log } = watching(t, () => Promise.resolve([]), 20_000);
  await show(ends(7, 9));
  await show(ends(7, 9));
  t.deepEqual(log.lines, []);
  await show(ends(7, 9));
  t.is(log.lines.length, 1);
});
