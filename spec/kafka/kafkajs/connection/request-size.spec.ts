import test from 'ava';
import { RequestSize } from '../../../../source/kafka/kafkajs/connection/request-size.ts';

const MB = 1_000_000;

test('requests of a fast link grow from the first size to the largest one', (t) => {
  const size = new RequestSize(4 * MB, MB);
  t.is(size.bytes, MB);
  size.took(5, 0.1 * MB);
  t.is(size.bytes, MB, 'a small one says nothing of larger ones');
  size.took(5, 0.9 * MB);
  t.is(size.bytes, 2 * MB);
  size.took(5, 2 * MB);
  size.took(5, 4 * MB);
  t.is(size.bytes, 4 * MB);
});

test('a link is slow once less than at the start is moved in two seconds', (t) => {
  const size = new RequestSize(4 * MB, MB);
  t.false(size.isReduced, 'nothing is known yet');
  size.took(4_000, MB);
  t.is(size.bytes, 0.5 * MB);
  t.true(size.isReduced);
  size.took(500, 0.5 * MB);
  t.false(size.isReduced, 'it has become faster');
  size.late();
  t.is(size.bytes, 0.25 * MB);
  t.true(size.isReduced, 'no end was seen');
});

test('a link that is slower than before, and no slower than at the start, is not slow', (t) => {
  const size = new RequestSize(4 * MB, MB);
  for (let grows = 0; grows < 2; grows++) size.took(5, size.bytes);
  size.took(4_000, 4 * MB);
  t.is(size.bytes, 2 * MB);
  t.false(size.isReduced);
});
