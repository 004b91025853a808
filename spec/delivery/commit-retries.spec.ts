import test from 'ava';
import { BrokerError, CommitError, ConnectionError } from '../../source/kernel/errors.ts';
import { type FakeClock, turns } from '../../source/testing/fake-clock.ts';
import { type Asked, bench, moved, refused } from './committer-bench.ts';

/** Answers in/0 with a retriable error, and waits until it is tried again or given up. */
async function failOnce(
  { answer }: Asked,
  asked: readonly Asked[],
  clock: FakeClock,
  failures: readonly CommitError[],
): Promise<void> {
  const before = asked.length;
  await answer({ 'in/0': moved() });
  for (let waited = 0; asked.length === before && failures.length === 0 && waited < 2000; waited += 50)
    await clock.advance(50);
}

test('a retriable failure is retried after a back-off, with the newest offset', async (t) => {
  const { asked, offer, last, clock, log } = bench(t);
  offer(10);
  await last().answer({ 'in/0': moved() });
  t.is(asked.length, 1);
  offer(20);
  t.is(asked.length, 1, 'the back-off holds for new offsets too');
  await clock.advance(100);
  t.deepEqual(last().text, ['in/0 20']);
  t.deepEqual(log.messages('warn'), ['Offsets could not be committed yet; trying again']);
});

test('what was offered while a request that fails was in flight is not taken back by its retry', async (t) => {
  const { offer, last, clock } = bench(t);
  offer(10);
  offer(20);
  await last().answer({ 'in/0': moved() });
  await clock.advance(100);
  t.deepEqual(last().text, ['in/0 20']);
});

test('a request without an answer is retried for all its entries', async (t) => {
  const { offer, last, clock } = bench(t);
  offer(10);
  await last().reject(new ConnectionError('no broker', { retriable: true }));
  offer(5, { partition: 1 });
  await clock.advance(100);
  t.deepEqual(last().text, ['in/0 10', 'in/1 5']);
});

test('each answer is judged alone: what was stored is acked, the rest is retried', async (t) => {
  const { committer, offer, last, clock } = bench(t);
  const acked: number[] = [];
  offer(1, { partition: 9 });
  offer(10, { onCommitted: () => acked.push(0) });
  offer(10, { partition: 1, onCommitted: () => acked.push(1) });
  await last().answer();
  await last().answer({ 'in/0': moved() });
  t.deepEqual(acked, [1]);
  t.is(committer.committed({ topic: 'in', partition: 0 }), undefined);
  await clock.advance(100);
  t.deepEqual(last().text, ['in/0 10']);
  await last().answer();
  t.deepEqual(acked, [1, 0]);
});

test('waits between attempts grow, and start anew after a success', async (t) => {
  const { asked, offer, last, clock } = bench(t);
  const times: number[] = [];
  offer(1);
  const began = clock.now();
  while (clock.now() - began < 3000) {
    const before = asked.length;
    await last().answer({ 'in/0': moved() });
    while (asked.length === before) await clock.advance(10);
    times.push(clock.now() - began);
  }
  const waits = times.map((at, n) => at - (times[n - 1] ?? 0));
  t.true((waits[0] ?? 0) <= 70, String(waits));
  t.true(Math.max(...waits) <= 1210, String(waits));
  t.true((waits.at(-1) ?? 0) > 4 * (waits[0] ?? 0), String(waits));
  await last().answer();
  offer(2);
  const again = asked.length;
  await last().answer({ 'in/0': moved() });
  await clock.advance(70);
  t.is(asked.length, again + 1);
});

test('after commitTimeoutMs of failures it fails with CommitError that says what was tried', async (t) => {
  const { committer, offer, last, clock, asked, failures } = bench(t);
  offer(10);
  const settled = t.throwsAsync(committer.settled(), { instanceOf: CommitError });
  const began = clock.now();
  while (failures.length === 0) await failOnce(last(), asked, clock, failures);
  const took = clock.now() - began;
  t.true(took >= 5000 && took <= 6300, `${took} ms`);
  const error = await settled;
  t.is(failures.length, 1);
  t.is<unknown, unknown>(error, failures[0]);
  t.regex(
    error.message,
    /in\/0 at 10 within commitTimeoutMs \(5000 ms\): NOT_COORDINATOR\. Nothing of that request was stored/,
  );
  t.deepEqual(error.failed, [{ topic: 'in', partition: 0, offset: 10 }]);
  t.deepEqual(error.stored, []);
  t.true(error.cause instanceof BrokerError);
});

test('the time of failure counts from the first of failures in a row, though offsets move on', async (t) => {
  const { offer, last, clock, asked, failures } = bench(t);
  offer(1);
  for (let offset = 2; failures.length === 0; offset++) {
    const failing = failOnce(last(), asked, clock, failures);
    offer(offset);
    await failing;
    if (offset > 100) break;
  }
  t.is(failures.length, 1);
});

test('the time of failure counts on where new offsets come between the retries', async (t) => {
  const { offer, last, clock, asked, failures } = bench(t);
  offer(1);
  for (let offset = 2; failures.length === 0 && offset <= 100; offset++) {
    const before = asked.length;
    await last().answer({ 'in/0': moved() });
    offer(offset);
    while (asked.length === before && failures.length === 0) await clock.advance(50);
  }
  t.is(failures.length, 1);
});

test('a success in between starts the time of failure anew', async (t) => {
  const { offer, last, clock, asked, failures } = bench(t);
  for (let round = 0; round < 4; round++) {
    offer(round * 10 + 1);
    for (let failed = 0; failed < 4; failed++) {
      const before = asked.length;
      await last().answer({ 'in/0': moved() });
      while (asked.length === before) await clock.advance(50);
    }
    await last().answer();
    await clock.advance(2000);
  }
  t.deepEqual(failures, []);
});

test('a final failure is not retried, and names what of that request was stored', async (t) => {
  const { committer, offer, last, failures, asked, clock } = bench(t);
  offer(1, { partition: 9 });
  let acked = 0;
  offer(10);
  offer(7, { partition: 1, onCommitted: () => acked++ });
  await last().answer();
  const settled = t.throwsAsync(committer.settled(), { instanceOf: CommitError });
  await last().answer({ 'in/0': refused() });
  await settled;
  const [error] = failures;
  t.is(failures.length, 1);
  t.deepEqual(error?.failed, [{ topic: 'in', partition: 0, offset: 10 }]);
  t.deepEqual(error?.stored, [{ topic: 'in', partition: 1, offset: 7 }]);
  t.regex(
    error?.message ?? '',
    /in\/0 at 10: GROUP_AUTHORIZATION_FAILED\. Stored of that request: in\/1 at 7\./,
  );
  t.is((error?.cause as BrokerError).brokerCode, 30);
  t.is(acked, 1, 'what was stored is acked');
  await clock.advance(10_000);
  t.is(asked.length, 2);
});

test('after a final failure of one partition the others are still committed; then settled() rejects', async (t) => {
  const { committer, offer, last, failures, clock } = bench(t);
  offer(10);
  await last().answer({ 'in/0': refused() });
  t.is(failures.length, 1);
  let acked = 0;
  offer(20);
  offer(5, { partition: 1, onCommitted: () => acked++ });
  t.deepEqual(last().text, ['in/1 5']);
  let rejected: unknown;
  committer.settled().catch((error: unknown) => (rejected = error));
  await last().answer({ 'in/1': moved() });
  t.is(rejected, undefined, 'it waits for the retry');
  await clock.advance(100);
  await last().answer();
  t.is(acked, 1);
  t.is(rejected, failures[0]);
});

test('a foreign error is final, and is the cause', async (t) => {
  const { offer, last, failures } = bench(t);
  const foreign = new TypeError('no such function');
  offer(10);
  await last().reject(foreign);
  t.is(failures.length, 1);
  t.is((failures[0]?.cause as CommitError).cause, foreign);
});

test('an entry that the broker did not answer fails', async (t) => {
  const { committer, failures } = bench(t, {
    offsets: {
      fetch: () => Promise.resolve([]),
      fetchAll: () => Promise.resolve([]),
      parts: (entries) => [entries],
      commit: () => Promise.resolve([]),
    },
    commitTimeoutMs: 1000,
    offsetRefreshMs: 1000,
  });
  committer.rewind({ topic: 'in', partition: 0, offset: 3, leaderEpoch: 0 });
  await turns();
  t.regex(failures[0]?.message ?? '', /in\/0 at 3: the broker gave no answer for this partition/);
});
