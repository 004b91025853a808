import test from 'ava';
import { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import { claimant, entryOf, here, leaveEntry, ownerOf } from '../../_helpers/fakes/claims-on-fake.ts';

const there = { host: 'there', pid: 1 };
/** A process of this host that is no more. */
const ended = { host: here.host, pid: 7, pidNamespace: here.pidNamespace ?? '' };

test('the former owners are those that ended without a release, or were taken over', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 5);
  leaveEntry(kafka, { owner: 'dead', ...ended }, { partition: 0 });
  leaveEntry(kafka, { owner: 'released', ...there, released: true }, { partition: 1 });
  leaveEntry(kafka, { owner: 'replaced', ...there, instanceId: 'pod-1' }, { partition: 2 });
  leaveEntry(kafka, { owner: 'silent', ...there }, { partition: 3 });
  const { claims, start, clock, taken } = await claimant(t, kafka, {
    partitionNumbers: [0, 1, 2, 3, 4],
    instanceId: 'pod-1',
    isAlive: () => false,
  });
  await start();
  await clock.advance(16_000);
  t.is(taken(), 'taken');
  t.deepEqual(claims.identity.former, ['dead', 'replaced', 'silent']);
});

test('an owner that ends before it has fenced the one before leaves both to the next', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1);
  leaveEntry(kafka, { owner: 'first', ...ended });
  const second = await ownerOf(t, kafka, { isAlive: () => false });
  t.deepEqual(entryOf(kafka).record?.unfenced, ['first']);
  const third = await ownerOf(t, kafka, { isAlive: () => false, process: { ...here, pid: 101 } });
  t.deepEqual(third.claims.identity.former, ['first', second.claims.identity.id]);
  third.claims.noteFenced();
  await third.clock.advance(3_000);
  t.is(entryOf(kafka).record?.unfenced, undefined);
  t.deepEqual(third.claims.identity.former, []);
});

test('an owner that is not sure of its own writes says so when it releases', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1);
  const unsure = await ownerOf(t, kafka);
  unsure.claims.noteUnsure();
  await unsure.claims.close(5_000);
  t.true(entryOf(kafka).record?.released);
  const next = await ownerOf(t, kafka);
  t.deepEqual(next.claims.identity.former, [unsure.claims.identity.id]);
  next.claims.noteFenced();
  await next.claims.close(5_000);
  const last = await ownerOf(t, kafka);
  t.deepEqual(last.claims.identity.former, []);
});

test('the fence number rises with each owner, also where the clock was set back', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1);
  const ahead = Date.now() + 1e9;
  leaveEntry(kafka, { owner: 'ahead', ...there, released: true, fence: ahead });
  const one = await ownerOf(t, kafka);
  t.is(one.claims.identity.fence, ahead + 1);
  await one.claims.close(5_000);
  const two = await ownerOf(t, kafka);
  t.is(two.claims.identity.fence, ahead + 2);
});

test('where no store is fenced again and again, an entry names at most 16 owners, the first and the last', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1);
  const unfenced = Array.from({ length: 16 }, (_none, n) => `owner-${n}`);
  leaveEntry(kafka, { owner: 'last', ...ended, unfenced });
  const { claims } = await ownerOf(t, kafka, { isAlive: () => false });
  t.is(claims.identity.former.length, 16);
  t.is(claims.identity.former[0], 'owner-0');
  t.is(claims.identity.former.at(-1), 'last');
});

test('a reading that was asked for before does not count where the claims are to be read now', async (t) => {
  const kafka = new FakeKafka().createTopic('in', 1);
  const { claims } = await ownerOf(t, kafka);
  kafka.calls.length = 0;
  await claims.checkNow();
  t.is(kafka.callsOf('fetchOffsets').length, 1);
  leaveEntry(kafka, { owner: 'other' });
  await t.throwsAsync(claims.checkNow(), { name: 'FencedError' });
});
