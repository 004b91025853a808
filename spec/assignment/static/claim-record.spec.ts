import test from 'ava';
import {
  describeOwner,
  parseClaim,
  type ClaimRecord,
} from '../../../source/assignment/static/claim-record.ts';

const record: ClaimRecord = {
  v: 1,
  owner: 'a-uuid',
  instanceId: 'pod-3',
  host: 'h',
  pid: 12,
  pidNamespace: 'pid:[1] boot',
  startedAt: '2024-01-01T00:00:00.000Z',
  topicId: '0'.repeat(32),
  anchor: { topic: 'in', partition: 2 },
};

test('a record comes back from its metadata as it was', (t) => {
  t.deepEqual(parseClaim(JSON.stringify(record)), record);
  const released = { ...record, released: true as const };
  t.deepEqual(parseClaim(JSON.stringify(released)), released);
});

test('metadata that is no claim of this version is not taken for one', (t) => {
  const others = [
    { ...record, v: 2 },
    { ...record, owner: 1 },
    { ...record, instanceId: null },
    { ...record, pid: '12' },
    { ...record, anchor: 'in/2' },
    { ...record, anchor: null },
    { ...record, anchor: { topic: 'in' } },
    { ...record, released: 'yes' },
    null,
    [],
    7,
  ];
  for (const other of others) t.is(parseClaim(JSON.stringify(other)), undefined, JSON.stringify(other));
  t.is(parseClaim(''), undefined);
  t.is(parseClaim('{'), undefined);
});

test('an owner is named by process, host, instance and start', (t) => {
  t.is(
    describeOwner(record),
    "process 12 on host h (instance 'pod-3'), running since 2024-01-01T00:00:00.000Z",
  );
  t.is(describeOwner(undefined), 'somebody whose entry this version cannot read');
});
