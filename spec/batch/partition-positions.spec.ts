import test from 'ava';
import { PartitionPositions } from '../../source/batch/partition-positions.ts';
import type { PartitionDelivery } from '../../source/delivery/delivery.ts';
import type { StartPosition } from '../../source/kafka/log-position.ts';

/** Notes what is to be committed: '>' for what moved on, '<' for what went back. */
function positions() {
  const noted: string[] = [];
  const note = (sign: string) => (position: StartPosition) =>
    void noted.push(`${sign} ${position.topic} ${position.offset}`);
  const delivery: Pick<PartitionDelivery, 'advance' | 'rewind'> = {
    advance: (moved) => {
      moved.forEach(note('>'));
    },
    rewind: note('<'),
  };
  return { noted, of: new PartitionPositions(3, delivery as PartitionDelivery) };
}

const at = (topic: string, nextOffset: number) => ({ topic, nextOffset, leaderEpoch: 1 });
const offsets = (list: readonly StartPosition[]) => list.map(({ topic, offset }) => `${topic} ${offset}`);

test('what moved without messages is committed at once where no batch is open', (t) => {
  const { of, noted } = positions();
  of.moved(at('a', 7));
  of.offerIdle();
  t.deepEqual(noted, ['> a 7']);
  of.offerIdle();
  t.is(noted.length, 1);
});

test('what moved while two batches were open is committed when both are done', (t) => {
  const { of, noted } = positions();
  const [first, second] = [of.batchBegins(), of.batchBegins()];
  of.moved(at('a', 7));
  of.offerIdle();
  of.batchDone(first);
  t.deepEqual(noted, []);
  of.batchDone(second);
  t.deepEqual(noted, ['> a 7']);
});

test('what moved before a batch began does not wait for it', (t) => {
  const { of, noted } = positions();
  const first = of.batchBegins();
  of.moved(at('a', 7));
  of.batchBegins();
  of.batchDone(first);
  t.deepEqual(noted, ['> a 7']);
});

test('a topic that goes back takes the positions of all open batches with it, and no others', (t) => {
  const { of, noted } = positions();
  const [first, second] = [of.batchBegins(), of.batchBegins()];
  of.wentBack(at('a', 2));
  t.deepEqual(offsets(of.ofBatch(first, [at('a', 10), at('b', 5)])), ['b 5']);
  of.batchDone(first);
  const third = of.batchBegins();
  t.deepEqual(offsets(of.ofBatch(second, [at('a', 20)])), []);
  of.batchDone(second);
  t.deepEqual(noted, ['< a 2']);
  t.deepEqual(offsets(of.ofBatch(third, [at('a', 4)])), ['a 4'], 'it began after');
  of.batchDone(third);
  t.deepEqual(noted, ['< a 2']);
});

test('a topic that goes back is not committed where it had moved to', (t) => {
  const { of, noted } = positions();
  const first = of.batchBegins();
  of.moved(at('a', 30));
  of.wentBack(at('a', 2));
  of.batchDone(first);
  t.deepEqual(noted, ['< a 2']);
});

test('a topic that goes back while no batch is open is committed at once', (t) => {
  const { of, noted } = positions();
  of.batchDone(of.batchBegins());
  of.wentBack(at('a', 2));
  t.deepEqual(noted, ['< a 2']);
});
