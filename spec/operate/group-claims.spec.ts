import { spawnSync } from 'node:child_process';
import test from 'ava';
import { thisProcess } from '../../source/assignment/static/process-identity.ts';
import { groupClaims, type PartitionClaim } from '../../source/operate/group-claims.ts';
import { BrokerError } from '../../source/kernel/errors.ts';
import { claimant, CLAIMS_GROUP, leaveEntry, ownerOf } from '../_helpers/fakes/claims-on-fake.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { GROUP, stateOf } from '../_helpers/fakes/processor-run.ts';

function kafkaWith(partitions = 1): FakeKafka {
  return new FakeKafka().createTopic('in', partitions);
}

/** A process of this machine that has ended. */
function endedProcess(): { host: string; pid: number; pidNamespace?: string } {
  const { host, pidNamespace } = thisProcess();
  const { pid } = spawnSync(process.execPath, ['--version']);
  return { host, pid, ...(pidNamespace === undefined ? {} : { pidNamespace }) };
}

function statesOf(claims: readonly PartitionClaim[] | 'pending'): unknown {
  return claims === 'pending' ? claims : claims.map(({ partition, state }) => `${partition} ${state}`);
}

test('an owner is alive as soon as its beat was seen to move, with all its partitions', async (t) => {
  const kafka = kafkaWith(3);
  const owner = await ownerOf(t, kafka, { partitionNumbers: [0, 2], instanceId: 'a' });
  const { clock } = owner;
  const looking = groupClaims(kafka.client(), GROUP, { clock });
  await clock.advance(2_900);
  t.is(await stateOf(looking), 'pending');
  await clock.advance(600);
  t.deepEqual(await stateOf(looking), [
    {
      topic: 'in',
      partition: 0,
      state: 'alive',
      host: 'here',
      pid: 100,
      instanceId: 'a',
      startedAt: '2024-01-01T00:00:00.000Z',
      topicId: kafka.topicId('in'),
    },
    {
      topic: 'in',
      partition: 2,
      state: 'alive',
      host: 'here',
      pid: 100,
      instanceId: 'a',
      startedAt: '2024-01-01T00:00:00.000Z',
      topicId: kafka.topicId('in'),
    },
  ]);
});

test('an owner whose beat does not move is silent, after five seconds or the time that is asked for', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const clock = new FakeClock(() => kafka.quiet());
  const looking = groupClaims(kafka.client(), GROUP, { clock });
  await clock.advance(4_900);
  t.is(await stateOf(looking), 'pending');
  await clock.advance(200);
  t.deepEqual(statesOf(await stateOf(looking)), ['0 silent']);
  const long = groupClaims(kafka.client(), GROUP, { clock, watchMs: 9_000 });
  await clock.advance(8_500);
  t.is(await stateOf(long), 'pending');
  await clock.advance(500);
  t.deepEqual(statesOf(await stateOf(long)), ['0 silent']);
});

test('an owner that has left, and a process of this machine that has ended, are not waited for', async (t) => {
  const kafka = kafkaWith(3);
  leaveEntry(kafka, { owner: 'left', released: true });
  leaveEntry(kafka, { owner: 'dead', ...endedProcess() }, { partition: 1 });
  const clock = new FakeClock(() => kafka.quiet());
  const claims = await groupClaims(kafka.client(), GROUP, { clock });
  t.deepEqual(statesOf(claims), ['0 released', '1 ended']);
  t.is(kafka.callsOf('fetchAllOffsets').length, 1);
  t.is(clock.pending, 0);
});

test('an owner that releases its partitions while it is watched has left', async (t) => {
  const kafka = kafkaWith();
  const owner = await ownerOf(t, kafka);
  const { clock } = owner;
  const looking = groupClaims(kafka.client(), GROUP, { clock });
  await clock.advance(700);
  await owner.claims.close(5_000);
  await clock.advance(500);
  t.deepEqual(statesOf(await stateOf(looking)), ['0 released']);
});

test('an owner that takes over while the one before it is watched is alive', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, { instanceId: 'pod' });
  const next = await claimant(t, kafka, { instanceId: 'pod' });
  const looking = groupClaims(kafka.client(), GROUP, { clock: next.clock });
  await next.start();
  await next.clock.advance(500);
  t.deepEqual(statesOf(await stateOf(looking)), ['0 alive']);
});

test('an entry that this version cannot read has an owner nevertheless, which lives if it moves', async (t) => {
  const kafka = kafkaWith(2);
  kafka.setCommitted(CLAIMS_GROUP, 'in', 0, 3, '{"v":9}').setCommitted(CLAIMS_GROUP, 'in', 1, 3, '{"v":9}');
  const clock = new FakeClock(() => kafka.quiet());
  const looking = groupClaims(kafka.client(), GROUP, { clock });
  await clock.advance(500);
  kafka.setCommitted(CLAIMS_GROUP, 'in', 0, 4, '{"v":9}');
  await clock.advance(5_000);
  const claims = await looking;
  t.deepEqual(statesOf(claims), ['0 alive', '1 silent']);
  t.is(claims[0]?.host, undefined);
});

test('nothing is claimed in a group that nobody claimed, and nothing is written', async (t) => {
  const kafka = kafkaWith();
  t.deepEqual(await groupClaims(kafka.client(), GROUP), []);
  t.deepEqual(kafka.order('fetchAllOffsets', 'commit'), ['fetchAllOffsets']);
});

test('a signal ends the watching, and what the broker refuses is thrown', async (t) => {
  const kafka = kafkaWith();
  leaveEntry(kafka, {});
  const clock = new FakeClock(() => kafka.quiet());
  const stop = new AbortController();
  const looking = groupClaims(kafka.client(), GROUP, { clock, signal: stop.signal });
  await kafka.quiet();
  stop.abort(new Error('enough'));
  await t.throwsAsync(looking, { message: 'enough' });
  t.is(clock.pending, 0);
  const denied = new BrokerError('denied', { brokerCode: 30, brokerError: 'X', retriable: false });
  kafka.fail('fetchAllOffsets', denied);
  t.is(await t.throwsAsync(groupClaims(kafka.client(), GROUP, { clock })), denied);
});
