import test from 'ava';
import { AssignmentError, BrokerError, ConnectionError } from '../../../source/kernel/errors.ts';
import {
  claimant,
  entryOf,
  here,
  leaveEntry,
  ownerOf,
  kafkaWith,
} from '../../_helpers/fakes/claims-on-fake.ts';

test('a start while the owner runs fails as soon as a beat is seen, and names the owner and the partitions', async (t) => {
  const kafka = kafkaWith(3);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0, 1, 2] });
  const { clock: fakeClock } = first;
  const before = kafka.callsOf('commit').length;
  const second = await claimant(t, kafka, {
    fakeClock,
    partitionNumbers: [1, 2],
    process: { ...here, pid: 101 },
  });
  await second.start();
  await fakeClock.advance(2_999);
  t.is(second.taken(), undefined);
  await fakeClock.advance(502);
  const error = second.taken();
  t.true(error instanceof AssignmentError);
  t.is(
    (error as Error).message,
    'in/1, in/2 are processed by another process under the same name: process 100 on host here, running since ' +
      '2024-01-01T00:00:00.000Z. End that process, or give each its own inputPartitions or its own topicProcessorName.',
  );
  t.is(kafka.callsOf('commit').length, before + 1, 'the beat alone: the second wrote nothing');
  await fakeClock.advance(60_000);
  t.deepEqual(first.failures, []);
  t.is(first.claims.check(), undefined);
});

test('a refused start names every partition that is claimed, also those of owners that were not heard of yet', async (t) => {
  const kafka = kafkaWith(6);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0, 1, 2] });
  const { clock: fakeClock } = first;
  leaveEntry(kafka, { owner: 'silent' }, { partition: 3 });
  leaveEntry(kafka, { owner: 'silent' }, { partition: 4 });
  const second = await claimant(t, kafka, { fakeClock, partitionNumbers: [0, 1, 2, 3, 4, 5] });
  await second.start();
  await fakeClock.advance(3_501);
  t.is(
    (second.taken() as Error).message,
    '5 partitions are processed by another process under the same name: ' +
      'in/0-2: process 100 on host here, running since 2024-01-01T00:00:00.000Z; ' +
      'in/3, in/4: process 4711 on host there, running since 2024-01-01T00:00:00.000Z, which has shown no sign of life yet. ' +
      'End that process, or give each its own inputPartitions or its own topicProcessorName.',
  );
});

test('of many owners a refused start names five, and counts the others', async (t) => {
  const kafka = kafkaWith(40);
  const first = await ownerOf(t, kafka, { partitionNumbers: [0] });
  for (let partition = 1; partition < 40; partition++)
    leaveEntry(kafka, { owner: `owner-${partition}`, pid: partition }, { partition });
  const second = await claimant(t, kafka, {
    fakeClock: first.clock,
    partitionNumbers: Array.from({ length: 40 }, (_, partition) => partition),
  });
  await second.start();
  await first.clock.advance(3_501);
  const { message } = second.taken() as Error;
  t.regex(
    message,
    /^40 partitions are processed by another process .*; in\/4: process 4 .*; and 35 more processes\. End/,
  );
  t.true(message.length < 1_000);
});

test('of two that saw the entries free, the one that wrote last has them; the other lets go of the rest', async (t) => {
  const kafka = kafkaWith(3);
  const first = await claimant(t, kafka, { partitionNumbers: [0, 1] });
  const second = await claimant(t, kafka, {
    fakeClock: first.clock,
    partitionNumbers: [1, 2],
    process: { ...here, host: 'there' },
  });
  const reads = kafka.hold('fetchOffsets');
  void first.start();
  void second.start();
  await kafka.quiet();
  t.is(reads.waiting.length, 2);
  reads.open();
  await kafka.quiet();
  t.is(first.taken(), 'taken');
  t.is(second.taken(), 'taken');
  const lost = t.throwsAsync(first.claims.check() as Promise<void>, {
    instanceOf: AssignmentError,
    message: /in\/1 is processed by .*: process 100 on host there/,
  });
  await first.clock.advance(1_000);
  await lost;
  t.is(first.failures.length, 1);
  t.is(second.claims.check(), undefined);
  await first.claims.close(30_000);
  t.true(entryOf(kafka, 0).record?.released);
  t.is(entryOf(kafka, 1).record?.host, 'there');
  t.is(entryOf(kafka, 1).record?.released, undefined);
});

test('a write that is refused for good, or for retryTimeoutMs, fails the start', async (t) => {
  const kafka = kafkaWith();
  const refused = new BrokerError('GROUP_AUTHORIZATION_FAILED', {
    brokerCode: 30,
    brokerError: 'GROUP_AUTHORIZATION_FAILED',
    retriable: false,
  });
  kafka.fail('commitOffset', refused);
  const one = await claimant(t, kafka);
  await one.start();
  t.is(one.taken(), refused);
  const away = new ConnectionError('gone', { retriable: true });
  kafka.fail('commit', away, { times: 1000 });
  const two = await claimant(t, kafka, { retryTimeoutMs: 10_000 });
  await two.start();
  await two.clock.advance(9_000);
  t.is(two.taken(), undefined);
  await two.clock.advance(3_000);
  t.is(two.taken(), away);
});
