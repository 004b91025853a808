import type { Socket } from 'node:net';
import test from 'ava';
import {
  type CallLimit,
  CallWatch,
  type WatchedCall,
} from '../../../../source/kafka/kafkajs/connection/call-watch.ts';
import { type Clock, systemClock } from '../../../../source/kernel/clock.ts';
import { TimeoutError } from '../../../../source/kernel/errors.ts';
import { FakeClock, turns } from '../../../../source/testing/fake-clock.ts';
import { socketPair } from '../../../_helpers/servers/socket-pair.ts';
import { spin } from '../../../_helpers/spin.ts';

/** What a socket shows of its bytes. */
function socketOf(bytes: { bytesRead?: number; bytesWritten?: number; writableLength?: number }) {
  return Object.assign({ bytesRead: 0, bytesWritten: 0, writableLength: 0 }, bytes);
}

/** Watches a call, and keeps the limits that it passed. */
function watched(watch: CallWatch, limit: CallLimit, socket = socketOf({})) {
  const passed: number[] = [];
  const call: WatchedCall = {
    limit,
    what: () => 'broker a:1 (Fetch)',
    socket: () => socket as unknown as Socket,
    passed: (ms) => passed.push(ms),
  };
  watch.begin(call);
  return { call, socket, passed };
}

test('an absolute deadline is passed however much moves', async (t) => {
  const clock = new FakeClock();
  const { socket, passed } = watched(new CallWatch(clock), { ms: 5_000 });
  for (let step = 0; step < 19; step++) {
    await clock.advance(250);
    socket.bytesRead += 1_000;
  }
  t.deepEqual(passed, []);
  await clock.advance(250);
  t.deepEqual(passed, [5_000]);
  await clock.advance(60_000);
  t.deepEqual(passed, [5_000]);
  t.is(clock.pending, 0);
});

for (const direction of ['bytesRead', 'bytesWritten'] as const) {
  test(`a deadline from the last byte: ${direction} that go on moving are waited for, up to the limit in all`, async (t) => {
    const clock = new FakeClock();
    const { socket, passed } = watched(new CallWatch(clock), { ms: 5_000, inAllMs: 60_000 });
    for (let step = 0; step < 14; step++) {
      await clock.advance(4_000);
      socket[direction] += 1;
    }
    t.deepEqual(passed, []);
    await clock.advance(4_000);
    t.deepEqual(passed, [60_000]);
  });

  test(`a deadline from the last byte: ${direction} that stand still are not`, async (t) => {
    const clock = new FakeClock();
    const { socket, passed } = watched(new CallWatch(clock), { ms: 5_000, inAllMs: 60_000 });
    await clock.advance(3_000);
    socket[direction] += 1;
    await clock.advance(5_000);
    t.deepEqual(passed, []);
    await clock.advance(500);
    t.deepEqual(passed, [5_000]);
  });
}

test('what leaves the queue of a large write moves', async (t) => {
  const clock = new FakeClock();
  const socket = socketOf({ bytesWritten: 1_000_000, writableLength: 1_000_000 });
  const { passed } = watched(new CallWatch(clock), { ms: 5_000, inAllMs: 60_000 }, socket);
  const handle = { writeQueueSize: 1_000_000 };
  Object.assign(socket, { _handle: handle });
  for (let step = 0; step < 5; step++) {
    await clock.advance(4_000);
    handle.writeQueueSize -= 64_000;
  }
  t.deepEqual(passed, []);
});

test('time in which the event loop does not turn is not counted', async (t) => {
  const clock = new FakeClock();
  const watch = new CallWatch(clock);
  const { passed } = watched(watch, { ms: 5_000 });
  const before = watch.now();
  await clock.advance(1_000);
  clock.sleepThrough(60_000);
  await clock.advance(3_500);
  t.deepEqual(passed, []);
  t.true(watch.now() - before <= 5_000);
  await clock.advance(750);
  t.deepEqual(passed, [5_000]);
});

test('before a deadline is passed, what came in while the event loop did not turn is taken', async (t) => {
  const { socket, peer } = await socketPair(t);
  const watch = new CallWatch(systemClock);
  const outcome = new Promise<string>((resolve) => {
    const call: WatchedCall = {
      limit: { ms: 200 },
      what: () => 'broker a:1 (OffsetCommit)',
      socket: () => socket,
      passed: () => {
        resolve('late');
      },
    };
    watch.begin(call);
    socket.once('data', () => {
      watch.end(call);
      resolve('answered');
    });
  });
  peer.write('answer');
  spin(1_000);
  t.is(await outcome, 'answered');
});

test('a request with an absolute deadline that has not left is given up before the sockets are looked at', async (t) => {
  let now = 0;
  const looks: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    wallNow: () => now,
    after: (_ms, fire) => {
      looks.push(fire);
      return { cancel: () => undefined };
    },
  };
  const watch = new CallWatch(clock);
  const unsent = watched(watch, { ms: 200 }, socketOf({ bytesWritten: 10, writableLength: 10 }));
  const moving = watched(
    watch,
    { ms: 200, inAllMs: 200 },
    socketOf({ bytesWritten: 10, writableLength: 10 }),
  );
  const sent = watched(watch, { ms: 200 }, socketOf({ bytesWritten: 10 }));
  now = 250;
  looks[0]?.();
  t.deepEqual([unsent.passed, moving.passed, sent.passed], [[200], [], []]);
  await turns(1);
  t.deepEqual([unsent.passed, moving.passed, sent.passed], [[200], [200], [200]]);
});

test('work is given up after its time, with a text that names who has not answered', async (t) => {
  const clock = new FakeClock();
  const watch = new CallWatch(clock);
  watched(watch, { ms: 60_000 });
  const never = watch.within(
    3_000,
    () => watch.tooLate('It did not end in 3 s'),
    new Promise(() => undefined),
  );
  const failed = t.throwsAsync(never, {
    instanceOf: TimeoutError,
    message: 'It did not end in 3 s; no answer yet from broker a:1 (Fetch)',
  });
  await clock.advance(3_250);
  await failed;
  t.is(await watch.within(3_000, () => new TimeoutError('late'), Promise.resolve('done')), 'done');
});
