import test from 'ava';
import { BrokerError, ConnectionError, ProcessError, TimeoutError } from '../../source/kernel/errors.ts';
import { codeOf, describeError, RecentErrors } from '../../source/watch/recent-errors.ts';
import { FakeClock } from '../../source/testing/fake-clock.ts';

function refusal(brokerError: string): BrokerError {
  return new BrokerError(`refused: ${brokerError}`, { brokerCode: 1, brokerError, retriable: true });
}

test('the last 20 are kept, newest first', (t) => {
  const clock = new FakeClock();
  const errors = new RecentErrors(clock);
  t.deepEqual(errors.all, []);
  for (let i = 0; i < 25; i++) errors.add(refusal(`E${i}`), i);
  t.is(errors.all.length, 20);
  t.deepEqual(errors.all[0], {
    at: clock.wallNow(),
    code: 'E24',
    message: 'refused: E24',
    partition: 24,
    times: 1,
  });
  t.is(errors.all[19]?.code, 'E5');
});

test('the same again within ten seconds is counted, so that retries do not push out what came before', async (t) => {
  const clock = new FakeClock();
  const errors = new RecentErrors(clock);
  errors.add(new TimeoutError('first'));
  for (let i = 0; i < 100; i++) {
    await clock.advance(100);
    errors.add(refusal('NOT_LEADER_OR_FOLLOWER'), 3);
  }
  t.deepEqual(
    errors.all.map(({ code, times }) => [code, times]),
    [
      ['NOT_LEADER_OR_FOLLOWER', 100],
      ['TIMEOUT', 1],
    ],
  );
  t.is(errors.all[0]?.at, clock.wallNow());
  errors.add(refusal('NOT_LEADER_OR_FOLLOWER'), 4);
  t.is(errors.all.length, 3, 'of another partition');
  await clock.advance(10_000);
  errors.add(refusal('NOT_LEADER_OR_FOLLOWER'), 4);
  t.is(errors.all.length, 4, 'after a pause');
});

test('an error has the name that Kafka gives it, else the code of ours', (t) => {
  t.is(codeOf(refusal('COORDINATOR_NOT_AVAILABLE')), 'COORDINATOR_NOT_AVAILABLE');
  t.is(codeOf(new ConnectionError('x')), 'CONNECTION');
  t.is(codeOf(new ProcessError('x', { cause: refusal('A'), partition: 0, ranges: [] })), 'PROCESS');
  t.is(codeOf(new Error('x')), 'UNKNOWN');
  t.is(codeOf('text'), 'UNKNOWN');
});

test('a message is bounded, and shows no credentials of URLs', (t) => {
  const url = 'redis://user:pa55@host:6379 and https://:tok@e.example/x, but http://host:80/a@b';
  t.is(
    describeError(new Error(`cannot reach ${url}`)).message,
    'cannot reach redis://***@host:6379 and https://***@e.example/x, but http://host:80/a@b',
  );
  t.is(describeError(new Error('x'.repeat(5000))).message.length, 1001);
  t.deepEqual(describeError('text'), { code: 'UNKNOWN', message: 'text' });
});
