import test from 'ava';
import { deferred } from '../../../_helpers/deferred.ts';
import { BatchAccumulator } from '../../../../source/kafka/kafkajs/produce/batch-accumulator.ts';
import type { OutgoingBatch } from '../../../../source/kafka/kafkajs/produce/flush-ticket.ts';
import type { HeaderValue } from '../../../../source/message.ts';

function newAccumulator(): BatchAccumulator {
  return new BatchAccumulator({
    compression: 'none',
    batchBytes: () => 900_000,
    newBuffer: () => Buffer.alloc(512),
    send: () => Promise.resolve(),
  });
}

test('the headers of a record are gone through once to be measured, and once to be written', (t) => {
  const fields: readonly HeaderValue[] = ['trace', '1', 'from', Buffer.from('here')];
  const reads = [0, 0, 0, 0];
  const headers = new Proxy(fields, {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d$/.test(name)) reads[Number(name)] = (reads[Number(name)] ?? 0) + 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  const accumulator = newAccumulator();
  const plain = accumulator.measure({ key: null, value: Buffer.from('v'), headers: [], timestamp: 1 });
  const measured = accumulator.measure({ key: null, value: Buffer.from('v'), headers, timestamp: 1 });
  t.deepEqual(reads, [1, 1, 1, 1]);
  t.is(measured.bytes, plain.bytes + 6 + 2 + 5 + 5);
  // The second one asks whether there is room behind the first.
  accumulator.append('out', 0, plain);
  const bytes = accumulator.append('out', 0, measured);
  t.deepEqual(reads, [2, 2, 2, 2]);
  t.true(bytes < measured.bytes);
});

test('what a flush could not send goes out before what was closed meanwhile', async (t) => {
  const { promise, reject } = deferred();
  const sent: (readonly OutgoingBatch[])[] = [];
  const accumulator = new BatchAccumulator({
    compression: 'none',
    // Each holds one record.
    batchBytes: () => 1,
    newBuffer: () => Buffer.alloc(512),
    send: async (batches, unsent) => {
      sent.push(batches);
      if (sent.length > 1) return;
      await promise.finally(() => unsent.push(...batches));
    },
  });
  const append = (text: string) => {
    const record = { key: null, value: Buffer.from(text), headers: [], timestamp: 1 };
    accumulator.append('out', 0, accumulator.measure(record));
  };
  append('a');
  append('b');
  const flush = accumulator.flush();
  append('c');
  append('d');
  reject(new Error('no'));
  await t.throwsAsync(flush, { message: 'no' });
  t.is(accumulator.count, 4);
  await accumulator.flush();
  t.deepEqual(
    sent[1]?.map(({ sealed }) => /[a-d](?=.?$)/s.exec(sealed.bytes.toString('latin1'))?.[0]),
    ['a', 'b', 'c', 'd'],
  );
});
