import test, { type ExecutionContext } from 'ava';
import { Shutdown } from '../../../source/cli/terminal/shutdown.ts';

/** A Shutdown whose signals and time come from the test. */
function setUp(t: ExecutionContext) {
  const events: string[] = [];
  const listeners = new Set<() => void>();
  const timers = new Set<() => void>();
  const shutdown = new Shutdown({
    io: {
      onSignal(listener) {
        const listen = () => {
          listener('SIGINT');
        };
        listeners.add(listen);
        return () => listeners.delete(listen);
      },
      exit: (code) => events.push(`exit ${code}`),
    },
    progress: { write: (line) => events.push(line), stop: () => events.push('bar gone') },
    onFirst: 'Stopping',
    clock: {
      now: () => 0,
      wallNow: () => 0,
      after(_ms, fire) {
        timers.add(fire);
        return { cancel: () => timers.delete(fire) };
      },
    },
  });
  t.teardown(() => {
    shutdown[Symbol.dispose]();
  });
  return {
    shutdown,
    events,
    listeners,
    timers,
    send: () => {
      for (const listen of listeners) listen();
    },
    timeIsOver: () => {
      for (const fire of timers) fire();
      timers.clear();
    },
  };
}

test('the first signal aborts, one more exits at once, with the bar taken away', (t) => {
  const { shutdown, events, send, timeIsOver } = setUp(t);
  t.false(shutdown.signal.aborted);
  send();
  t.true(shutdown.signal.aborted);
  timeIsOver();
  send();
  t.deepEqual(events, [
    'Stopping\n',
    'Still stopping; press Ctrl-C again to exit immediately\n',
    'bar gone',
    'exit 130',
  ]);
});

test('a signal that npm passes on right after the first is not taken for a second one', (t) => {
  const { events, send } = setUp(t);
  send();
  send();
  t.deepEqual(events, ['Stopping\n']);
});

test('disposed it holds neither timer nor listener', (t) => {
  const { shutdown, listeners, timers, send } = setUp(t);
  send();
  shutdown[Symbol.dispose]();
  t.is(listeners.size, 0);
  t.is(timers.size, 0);
});
