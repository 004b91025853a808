import test from 'ava';
import { batchOf, decoded, markerBatch, offsetsOf, records, rewritten, valuesOf } from './batches.ts';

/** Records of a producer's open transaction. */
function transactional(baseOffset: number, producerId: bigint, ...values: string[]): Buffer {
  return batchOf(records(...values), {
    baseOffset,
    producer: { producerId, epoch: 0, baseSequence: 0, transactional: true },
  });
}

/** Records of the same producer id outside of a transaction. */
function idempotent(baseOffset: number, producerId: bigint, ...values: string[]): Buffer {
  return batchOf(records(...values), { baseOffset, producer: { producerId, epoch: 0, baseSequence: 0 } });
}

test('of two producers whose transactions interleave, only what was aborted is left out', (t) => {
  const set = Buffer.concat([
    transactional(0, 1n, 'aborted 0', 'aborted 1'),
    transactional(2, 2n, 'committed 2'),
    transactional(3, 1n, 'aborted 3'),
    transactional(4, 2n, 'committed 4'),
    markerBatch(5, 1n, 'abort'),
    transactional(6, 1n, 'committed 6'),
    markerBatch(7, 2n, 'commit'),
    transactional(8, 2n, 'aborted 8'),
    batchOf(records('plain 9'), { baseOffset: 9 }),
    markerBatch(10, 1n, 'commit'),
    markerBatch(11, 2n, 'abort'),
    transactional(12, 2n, 'open 12'),
  ]);
  const aborted = [
    { producerId: 2n, firstOffset: 8 },
    { producerId: 1n, firstOffset: 0 },
  ];
  t.deepEqual(valuesOf(decoded(set, { aborted })), [
    'committed 2',
    'committed 4',
    'committed 6',
    'plain 9',
    'open 12',
  ]);
  t.is(decoded(set, { aborted }).nextOffset, 13);
});

test('one producer may abort twice in one record set', (t) => {
  const set = Buffer.concat([
    transactional(0, 1n, 'aborted'),
    markerBatch(1, 1n, 'abort'),
    transactional(2, 1n, 'committed'),
    markerBatch(3, 1n, 'commit'),
    transactional(4, 1n, 'aborted'),
    markerBatch(5, 1n, 'abort'),
  ]);
  const aborted = [
    { producerId: 1n, firstOffset: 0 },
    { producerId: 1n, firstOffset: 4 },
  ];
  const result = decoded(set, { aborted });
  t.deepEqual(offsetsOf(result), [2]);
  t.is(result.nextOffset, 6);
});

test('a transaction that began before the fetch is known from the answer alone', (t) => {
  const set = Buffer.concat([
    transactional(100, 1n, 'aborted'),
    markerBatch(101, 1n, 'abort'),
    transactional(102, 1n, 'later'),
  ]);
  t.deepEqual(valuesOf(decoded(set, { fromOffset: 100, aborted: [{ producerId: 1n, firstOffset: 40 }] })), [
    'later',
  ]);
});

test('records outside of a transaction pass, however the transactions of their producer ended', (t) => {
  const set = Buffer.concat([
    idempotent(0, 1n, 'idempotent'),
    transactional(1, 1n, 'aborted'),
    idempotent(2, 1n, 'idempotent'),
    markerBatch(3, 1n, 'abort'),
  ]);
  t.deepEqual(offsetsOf(decoded(set, { aborted: [{ producerId: 1n, firstOffset: 0 }] })), [0, 2]);
});

test('with nothing said about aborted transactions all records are delivered', (t) => {
  const set = Buffer.concat([transactional(0, 1n, 'a'), markerBatch(1, 1n, 'abort')]);
  t.deepEqual(offsetsOf(decoded(set, { aborted: undefined })), [0]);
  t.deepEqual(offsetsOf(decoded(set, { aborted: [] })), [0]);
});

test('a producer id beyond 2^53 is distinguished from its neighbours', (t) => {
  const set = Buffer.concat([
    transactional(0, 2n ** 53n, 'aborted'),
    transactional(1, 2n ** 53n + 1n, 'committed'),
  ]);
  t.deepEqual(valuesOf(decoded(set, { aborted: [{ producerId: 2n ** 53n, firstOffset: 0 }] })), [
    'committed',
  ]);
});

test('an aborted batch is not inflated', (t) => {
  const broken = rewritten(
    batchOf(records('aborted'), {
      compression: 'gzip',
      producer: { producerId: 1n, epoch: 0, baseSequence: 0, transactional: true },
    }),
    (copy) => copy.fill(0, 61),
  );
  const result = decoded(broken, { aborted: [{ producerId: 1n, firstOffset: 0 }] });
  t.like(result, { messages: [], nextOffset: 1, bytes: 0 });
});
