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
    onFirst: () => 'Stopping',
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
      const due = [...timers];
      timers.clear();
      // In the order of their times, of which the limit's is the longest.
      for (const fire of due.reverse()) fire();
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

test('what is still awaited at the limit after the first signal is given up, with the code of time limits', (t) => {
  const { shutdown, events, send, timeIsOver } = setUp(t);
  shutdown.limit(35_000);
  using _kill = shutdown.beforeExit(() => events.push('workers killed'));
  timeIsOver();
  t.deepEqual(events, [], 'not before a signal');
  send();
  timeIsOver();
  t.deepEqual(events.slice(1), [
    'Still stopping; press Ctrl-C again to exit immediately\n',
    'error: It did not stop within 35000 ms of the signal: something does not close.\n' +
      'What was not committed is reprocessed at the next start.\n',
    'bar gone',
    'workers killed',
    'exit 4',
  ]);
});

test('a limit that is known only after the signal holds as well', (t) => {
  const { shutdown, events, send, timeIsOver } = setUp(t);
  send();
  timeIsOver();
  shutdown.limit(35_000);
  timeIsOver();
  t.is(events.at(-1), 'exit 4');
});

test('disposed it holds neither timer nor listener', (t) => {
  const { shutdown, listeners, timers, send } = setUp(t);
  shutdown.limit(35_000);
  send();
  shutdown[Symbol.dispose]();
  t.is(listeners.size, 0);
  t.is(timers.size, 0);
});
