import test, { type ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../../../source/embedded/cluster.ts';
import { BatchBuffers } from '../../../../source/kafka/kafkajs/produce/batch-buffers.ts';
import type { BatchSender } from '../../../../source/kafka/kafkajs/produce/batch-accumulator.ts';
import { connectClient, readAll } from '../test-client.ts';
import { openSink, type OpenSink } from './open-sink.ts';

const KIB = 1024;

test('a buffer that was given back is taken again where it fits, and once', (t) => {
  const buffers = new BatchBuffers();
  const first = buffers.take(100 * KIB);
  t.true(first.length >= 100 * KIB);
  buffers.give(first);
  t.not(buffers.take(first.length + 1), first, 'too small');
  t.not(buffers.take(10 * KIB), first, 'far too large');
  t.is(buffers.take(first.length), first);
  t.not(buffers.take(first.length), first, 'it has been taken');
});

test('neither small nor large buffers are kept, and no more than eight', (t) => {
  const buffers = new BatchBuffers();
  const small = Buffer.alloc(10 * KIB);
  buffers.give(small);
  t.not(buffers.take(small.length), small);
  const large = Buffer.alloc(2000 * KIB);
  buffers.give(large);
  t.not(buffers.take(large.length), large);
  const many: Buffer[] = Array.from({ length: 9 }, () => Buffer.alloc(100 * KIB));
  for (const buffer of many) buffers.give(buffer);
  const taken = Array.from({ length: 9 }, () => buffers.take(100 * KIB));
  t.is(taken.filter((buffer) => many.includes(buffer)).length, 8);
  t.false(taken.includes(many[0] as Buffer), 'the oldest one was let go');
});

test('none is kept after the end', (t) => {
  const buffers = new BatchBuffers();
  const buffer = Buffer.alloc(100 * KIB);
  buffers.give(buffer);
  buffers.clear();
  t.not(buffers.take(buffer.length), buffer);
});

/** Sends rounds of 100 records of 1 kB; returns the buffers that their batches were given. */
async function sendRounds(
  { sink, accumulator }: OpenSink,
  rounds: number,
  beforeRound: (round: number) => void = () => undefined,
): Promise<Buffer[]> {
  const sender = sink as unknown as BatchSender;
  const newBuffer = sender.newBuffer.bind(sender);
  const given: Buffer[] = [];
  sender.newBuffer = (topic, partition) => {
    const buffer = newBuffer(topic, partition);
    given.push(buffer);
    return buffer;
  };
  for (let round = 0; round < rounds; round++) {
    beforeRound(round);
    for (let at = 0; at < 100; at++) {
      const value = Buffer.from(String(round * 100 + at).padStart(1000, '0'));
      accumulator.append('out', 0, accumulator.measure({ key: null, value, headers: [], timestamp: 1 }));
    }
    await accumulator.flush();
  }
  return given;
}

async function expectNumbers(t: ExecutionContext, cluster: EmbeddedCluster, count: number): Promise<void> {
  const client = await connectClient(t, cluster.brokers);
  const collector = await readAll(t, client, 'out', 1, count);
  t.deepEqual(
    collector.values('out', 0).map(Number),
    Array.from({ length: count }, (_none, at) => at),
  );
}

test('the buffer of a batch is used again once it was acked, and what was sent stays as it was', async (t) => {
  const open = await openSink(t, { brokers: 1, partitions: 1 });
  const [, second, ...later] = await sendRounds(open, 5);
  t.is(later.length, 3);
  t.true(later.every((buffer) => buffer === second));
  await expectNumbers(t, open.cluster, 500);
});

test('the buffer of a batch that went out twice is not: the first attempt may still be in a socket', async (t) => {
  const open = await openSink(t, { brokers: 1, partitions: 1 });
  const given = await sendRounds(open, 5, (round) => {
    if (round === 2) open.cluster.faults.drop({ api: 'Produce', when: 'after' });
  });
  t.true(given[2] === given[1]);
  t.false(given[3] === given[2]);
  t.true(given[4] === given[3]);
  await expectNumbers(t, open.cluster, 500);
});
