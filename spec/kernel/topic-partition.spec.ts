import test from 'ava';
import { listPartitions } from '../../source/kernel/topic-partition.ts';

function of(topic: string, ...partitions: readonly number[]) {
  return partitions.map((partition) => ({ topic, partition }));
}

test('neighbours are a range, in the order of topics and partitions', (t) => {
  t.is(listPartitions(of('a', 3, 1, 0, 2)), 'a/0-3');
  t.is(listPartitions([...of('b', 0, 2), ...of('a', 5, 6, 7, 9)]), 'a/5-7, a/9, b/0, b/2');
  t.is(listPartitions(of('a', 0, 1)), 'a/0, a/1', 'two are no range');
  t.is(listPartitions(of('a', 7)), 'a/7');
  t.is(listPartitions([]), '');
});

test('beyond the most ranges that are named, partitions are counted', (t) => {
  const apart = Array.from({ length: 40 }, (_, at) => at * 2);
  t.is(listPartitions(of('a', ...apart), 3), 'a/0, a/2, a/4 and 37 more');
  t.is(
    listPartitions([...of('a', ...apart), ...of('b', 0, 1, 2)]).length,
    'a/0, a/2, a/4, a/6, a/8, a/10, a/12, a/14, a/16, a/18 and 33 more'.length,
  );
  const all = Array.from({ length: 10_000 }, (_, partition) => partition);
  t.is(listPartitions(of('a', ...all)), 'a/0-9999');
});
