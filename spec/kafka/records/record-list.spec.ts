import test from 'ava';
import { decodeRecordSet } from '../../../source/kafka/records/decode-record-set.ts';
import type { RecordList } from '../../../source/kafka/records/record-list.ts';
import { batchOf, records } from './batches.ts';

/** Offsets 5, 10 to 12, 15 to 16: batches of one, three and two records. */
function list(fromOffset = 0): RecordList {
  const recordSet = Buffer.concat([
    batchOf(records('a'), { baseOffset: 5 }),
    batchOf(records('b', 'c', 'd'), { baseOffset: 10 }),
    batchOf(records('e', 'f'), { baseOffset: 15 }),
  ]);
  const limits = { aborted: undefined, maxInflatedBytes: 1e6, inflateBudget: 1e6 };
  return decodeRecordSet(recordSet, { topic: 'orders', partition: 3, fromOffset, ...limits }).messages;
}

function read(messages: RecordList, start: number, end: number): string[] {
  return messages.slice(start, end).map(({ offset, valueText }) => `${offset}${valueText}`);
}

const ALL = ['5a', '10b', '11c', '12d', '15e', '16f'];

test('any part of a record set is taken as an array would give it, over the ends of its batches', (t) => {
  const messages = list();
  t.is(messages.length, 6);
  for (let start = 0; start <= 7; start++)
    for (let end = 0; end <= 8; end++)
      t.deepEqual(read(messages, start, end), ALL.slice(start, end), `${start} to ${end}`);
});

test('the message of an index is that of the record, and there is none past the last one', (t) => {
  const messages = list();
  const found = [0, 1, 3, 4, 5].map((index) => messages.at(index)?.valueText);
  t.deepEqual(found, ['a', 'b', 'd', 'e', 'f']);
  t.is(messages.at(6), undefined);
});

test('records and whole batches before the position are not in it', (t) => {
  t.deepEqual(read(list(11), 0, 9), ALL.slice(2));
  t.deepEqual(read(list(16), 0, 9), ['16f']);
  t.deepEqual(read(list(17), 0, 9), []);
});

test('each taking makes messages of its own', (t) => {
  const messages = list();
  t.not(messages.slice(0, 6), messages.slice(0, 6));
  t.not(messages.at(0), messages.at(0));
  t.deepEqual(read(messages, 0, 6), ALL);
});
