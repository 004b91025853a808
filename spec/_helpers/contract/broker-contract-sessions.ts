import type { ExecutionContext } from 'ava';
import type { ContractCase } from './contract-case.ts';
import { rawBatch } from '../raw/raw-batch.ts';
import { newTopic } from '../raw/raw-cluster.ts';
import type { RawClient } from '../raw/raw-client.ts';
import {
  type FetchOptions,
  fetchInSession,
  type FetchSessionOptions,
  type ToFetch,
} from '../raw/raw-fetch.ts';
import { produce } from '../raw/raw-produce.ts';
import { until } from '../until.ts';

/** Of seven partitions on one or three brokers, these have the same leader. */
const WHOLE = [0, 3, 6].map((partition) => ({ partition, offset: 0 }));

/** A topic, and a session that asks for three of its partitions from offset 0. */
async function openSession(t: ExecutionContext, brokers: readonly string[]) {
  const { topic, leader } = await newTopic(t, brokers, 7);
  const ask = askIn(leader, topic);
  // Metadata may name the leader before it knows that it leads.
  const opened = await until(
    async () => {
      const answer = await ask(WHOLE, { sessionEpoch: 0 });
      return answer.failed.length === 0 && answer;
    },
    { deadlineMs: 20_000, what: 'a leader that serves all three partitions' },
  );
  t.is(opened.code, 0);
  t.not(opened.sessionId, 0);
  t.deepEqual(opened.named, [0, 3, 6], 'the answer that opens a session names every partition');
  return { topic, leader, ask, sessionId: opened.sessionId };
}

interface Told {
  readonly code: number;
  readonly sessionId: number;
  /** The partitions of which the answer speaks. */
  readonly named: readonly number[];
  /** Those of them with an error. */
  readonly failed: readonly number[];
}

function askIn(leader: RawClient, topic: string) {
  return async (
    partitions: readonly ToFetch[],
    options: FetchOptions & FetchSessionOptions,
  ): Promise<Told> => {
    const answer = await fetchInSession(leader, topic, partitions, options);
    const { code, sessionId } = answer;
    const named = answer.partitions.map(({ partition }) => partition);
    const failed = answer.partitions.filter((each) => each.code !== 0).map(({ partition }) => partition);
    return { code, sessionId, named, failed };
  };
}

async function newsOnly(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, ask, sessionId } = await openSession(t, brokers);
  t.deepEqual(
    await ask([], { sessionId, sessionEpoch: 1 }),
    { code: 0, sessionId, named: [], failed: [] },
    'nothing new',
  );
  await produce(leader, [{ topic, partition: 3, records: rawBatch({ count: 2 }) }]);
  t.deepEqual((await ask([], { sessionId, sessionEpoch: 2 })).named, [3], 'records');
  t.deepEqual(
    (await ask([], { sessionId, sessionEpoch: 3 })).named,
    [3],
    'records, until another offset is asked for',
  );
  const on = await ask([{ partition: 3, offset: 2 }], { sessionId, sessionEpoch: 4 });
  t.deepEqual(on, { code: 0, sessionId, named: [], failed: [] }, 'read up to the end');
  const past = await ask([{ partition: 6, offset: 9 }], { sessionId, sessionEpoch: 5, maxWaitMs: 30_000 });
  t.deepEqual(past.failed, [6], 'an error, immediately');
  t.deepEqual((await ask([], { sessionId, sessionEpoch: 6 })).named, [6], 'an error is reported each time');
}

async function servedLast(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, ask, sessionId } = await openSession(t, brokers);
  for (const { partition } of WHOLE) await produce(leader, [{ topic, partition, records: rawBatch() }]);
  const oneBatch = { sessionId, maxBytes: 1 };
  t.deepEqual(
    (await ask([], { ...oneBatch, sessionEpoch: 1 })).named,
    [0, 3, 6],
    'the watermarks of all are new',
  );
  const served: (readonly number[])[] = [];
  for (let sessionEpoch = 2; sessionEpoch < 6; sessionEpoch++)
    served.push((await ask([], { ...oneBatch, sessionEpoch })).named);
  t.deepEqual(served, [[3], [6], [0], [3]], 'who gave records is served last the next time');
}

async function forgets(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { topic, leader, ask, sessionId } = await openSession(t, brokers);
  for (const { partition } of WHOLE) await produce(leader, [{ topic, partition, records: rawBatch() }]);
  t.deepEqual((await ask([], { sessionId, sessionEpoch: 1, forgotten: [3] })).named, [0, 6]);
  const ended = await ask([], { sessionId, sessionEpoch: 2, forgotten: [0, 6] });
  t.deepEqual(ended, { code: 0, sessionId: 0, named: [], failed: [] }, 'a session of no partition is over');
  t.is((await ask([], { sessionId, sessionEpoch: 3 })).code, 70);
}

async function refuses(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { ask, sessionId } = await openSession(t, brokers);
  t.deepEqual(
    await ask([], { sessionId, sessionEpoch: 2 }),
    { code: 71, sessionId: 0, named: [], failed: [] },
    'another epoch',
  );
  t.is((await ask([], { sessionId, sessionEpoch: 1 })).code, 0, 'it continues after that');
  const other = sessionId === 1 ? 2 : 1;
  t.deepEqual(await ask([], { sessionId: other, sessionEpoch: 1 }), {
    code: 70,
    sessionId: 0,
    named: [],
    failed: [],
  });
}

async function closes(t: ExecutionContext, brokers: readonly string[]): Promise<void> {
  const { ask, sessionId } = await openSession(t, brokers);
  const without = await ask(WHOLE, { sessionId, sessionEpoch: -1 });
  t.deepEqual(
    without,
    { code: 0, sessionId: 0, named: [0, 3, 6], failed: [] },
    'all is named, and there is no session any more',
  );
  t.is((await ask([], { sessionId, sessionEpoch: 1 })).code, 70);
  const first = await ask(WHOLE, { sessionEpoch: 0 });
  const second = await ask(WHOLE, { sessionId: first.sessionId, sessionEpoch: 0 });
  t.deepEqual(second.named, [0, 3, 6]);
  t.is(
    (await ask([], { sessionId: first.sessionId, sessionEpoch: 1 })).code,
    70,
    'the one opened in its place counts',
  );
  t.is((await ask([], { sessionId: second.sessionId, sessionEpoch: 1 })).code, 0);
}

/**
 * Incremental fetch sessions.
 *
 * @see
 *   https://cwiki.apache.org/confluence/display/KAFKA/KIP-227%3A+Introduce+Incremental+FetchRequests+to+Increase+Partition+Scalability
 */
export const sessionCases: readonly ContractCase[] = [
  { title: 'in a fetch session the answer names only what is new', run: newsOnly },
  { title: 'in a fetch session a partition that gave records is served last', run: servedLast },
  { title: 'a fetch session forgets partitions, and ends with the last of them', run: forgets },
  { title: 'a fetch session is refused by a wrong epoch or id', run: refuses },
  { title: 'a request that names all partitions closes the fetch session whose id it has', run: closes },
];
