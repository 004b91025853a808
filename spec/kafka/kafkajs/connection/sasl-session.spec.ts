import test, { type ExecutionContext } from 'ava';
import type { KafkajsConnection } from '../../../../source/kafka/kafkajs/capture/internals.ts';
import { SaslSession } from '../../../../source/kafka/kafkajs/connection/sasl-session.ts';
import { LifecycleError } from '../../../../source/kernel/errors.ts';
import { FakeClock } from '../../../../source/testing/fake-clock.ts';

interface Scene {
  readonly clock: FakeClock;
  readonly connection: KafkajsConnection;
  readonly session: SaslSession;
  /** When the broker was asked, from the first login on. */
  readonly logins: number[];
}

/** A connection whose broker answers each login with the next of these lengths. */
function sceneOf(lengthsMs: readonly number[], thresholdMs = 10_000, sasl: object | null = {}): Scene {
  const clock = new FakeClock();
  const began = clock.now();
  const logins: number[] = [];
  let login: Promise<void> | undefined;
  const connection = {
    sasl,
    reauthenticationThreshold: thresholdMs,
    sessionLifetime: 0n,
    requestQueue: { waitForPendingRequests: () => Promise.resolve() },
    authenticate: () =>
      // As kafkajs, callers that come meanwhile share one login.
      (login ??= Promise.resolve().then(() => {
        connection.sessionLifetime = BigInt(lengthsMs[logins.length] ?? 0);
        logins.push(clock.now() - began);
        login = undefined;
      })),
  };
  const kafkajs = connection as unknown as KafkajsConnection;
  return { clock, connection: kafkajs, session: new SaslSession(kafkajs, clock), logins };
}

const STEP_MS = 10;

/** Renews the session whenever it is not open, for so long. */
async function work(t: ExecutionContext, { clock, session }: Scene, forMs: number): Promise<void> {
  const { signal } = new AbortController();
  const end = clock.now() + forMs;
  while (clock.now() < end) {
    if (session.open) {
      await clock.advance(STEP_MS);
      continue;
    }
    const renewed = session.renew(signal);
    while (!session.open && clock.now() < end) await clock.advance(STEP_MS);
    if (session.open) await renewed;
    else renewed.catch(t.fail);
  }
}

test('without SASL a session is always open', (t) => {
  t.true(sceneOf([], 10_000, null).session.open);
});

test('a session without end is never renewed', async (t) => {
  const scene = sceneOf([0]);
  t.false(scene.session.open);
  await scene.connection.authenticate();
  await scene.clock.advance(1_000_000_000);
  t.true(scene.session.open);
  t.true(scene.connection.isAuthenticated());
});

for (const [lengthMs, thresholdMs, openMs] of [
  [3_600_000, 10_000, 3_590_000],
  [3_600_000, 0, 3_600_000],
  [40_000, 10_000, 30_000],
  [8_000, 10_000, 6_000],
  [8_000, 1_000, 7_000],
  [400, 10_000, 300],
] as const) {
  test(`a session of ${lengthMs} ms is open for ${openMs} ms with a threshold of ${thresholdMs} ms`, async (t) => {
    const { clock, connection, session } = sceneOf([lengthMs], thresholdMs);
    await connection.authenticate();
    await clock.advance(openMs - 1);
    t.true(session.open);
    await clock.advance(1);
    t.false(session.open);
    t.false(connection.isAuthenticated());
  });
}

test('a second lies between two renewals', async (t) => {
  const scene = sceneOf(Array.from({ length: 10 }, () => 400));
  await scene.connection.authenticate();
  await work(t, scene, 3_000);
  t.deepEqual(scene.logins, [0, 300, 1_300, 2_300]);
});

test('with the rest of a token each session is shorter than the former, until another token is given', async (t) => {
  const scene = sceneOf([20_000, 5_000, 1_250, 250, 60_000]);
  await scene.connection.authenticate();
  await work(t, scene, 25_000);
  t.deepEqual(scene.logins, [0, 15_000, 18_750, 19_750, 20_750]);
  t.true(scene.session.open);
});

test('calls that wait for a renewal share one login', async (t) => {
  const { clock, connection, session, logins } = sceneOf([8_000, 8_000]);
  await connection.authenticate();
  await clock.advance(6_000);
  const { signal } = new AbortController();
  await Promise.all([session.renew(signal), session.renew(signal), session.renew(signal)]);
  t.deepEqual(logins, [0, 6_000]);
});

test('a connection that is dropped ends the wait for its renewal', async (t) => {
  const scene = sceneOf([400, 400]);
  await scene.connection.authenticate();
  await work(t, scene, 600);
  t.false(scene.session.open);
  const gone = new AbortController();
  const renewed = scene.session.renew(gone.signal);
  gone.abort(new LifecycleError('closed'));
  await t.throwsAsync(renewed, { instanceOf: LifecycleError });
  t.is(scene.clock.pending, 0);
});
