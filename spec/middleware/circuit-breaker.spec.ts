import test from 'ava';
import { circuitBreaker as cockatiel, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import { BatchError } from '../../source/batch-error.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { circuitBreaker, type CircuitBreakerPolicy } from '../../source/middleware/circuit-breaker.ts';
import { retry } from '../../source/middleware/retry.ts';
import { fixture, GROUP, stateOf } from '../_helpers/fakes/processor-run.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';

/**
 * Opens after a failure, for this many calls that it refuses; then one call tries whether it may close,
 * and others wait for that one, as they do with cockatiel.
 */
class Breaker implements CircuitBreakerPolicy {
  refusedCalls = 0;
  readonly #refuses: number;
  #left = 0;
  #isOpen = false;
  #trying: Promise<unknown> | undefined;

  constructor(refuses: number) {
    this.#refuses = refuses;
  }

  async execute(run: () => Promise<void>): Promise<void> {
    if (this.#trying !== undefined) {
      await this.#trying.catch(() => undefined);
      return this.execute(run);
    }
    if (!this.#isOpen) return this.#attempt(run);
    if (this.#left-- > 0) {
      this.refusedCalls++;
      throw Object.assign(new Error('open'), { isBrokenCircuitError: true });
    }
    const trying = this.#attempt(run);
    this.#trying = trying;
    try {
      await trying;
    } finally {
      this.#trying = undefined;
    }
  }

  async #attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      this.#isOpen = false;
    } catch (error) {
      this.#isOpen = true;
      this.#left = this.#refuses;
      throw error;
    }
  }
}

for (const [name, error] of [
  ['a failing handler', () => boom],
  ['a BatchError', (messages: ConstructorParameters<typeof BatchError>[0]) => new BatchError(messages)],
] as const) {
  test(`${name} opens the circuit; while it is open process is not called, and it is asked each pollMs`, async (t) => {
    const { kafka, clock, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 3);
    const times: number[] = [];
    const began = clock.now();
    const policy = new Breaker(3);
    const run = make(
      {
        process(messages) {
          times.push(clock.now() - began);
          if (times.length === 1) throw error(messages.map((message) => ({ message, error: boom })));
        },
      },
      {
        middleware: [retry({ initialMs: 10, maxMs: 10, jitter: 0 }), circuitBreaker(policy, { pollMs: 500 })],
      },
    ).runToEnd();
    await clock.advance(60_000);
    await run;
    t.deepEqual(times, [0, 1_510]);
    t.is(policy.refusedCalls, 3);
    t.is(kafka.committed(GROUP, 'in', 0), 3);
  });
}

test('what else the policy rejects with is the error of the attempt, also where it looks like an open circuit', async (t) => {
  const isolated = Object.assign(new Error('isolated'), { isIsolatedCircuitError: true });
  const policies: [CircuitBreakerPolicy, unknown][] = [
    [{ execute: () => Promise.reject(boom) }, boom],
    [{ execute: (run) => run() }, isolated],
  ];
  for (const [policy, expected] of policies) {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    const processor = make(
      {
        process() {
          throw isolated;
        },
      },
      { middleware: [circuitBreaker(policy)] },
    );
    t.is(((await outcome(processor.runToEnd())).error as Error).cause, expected);
  }
});

test('a close in mid-wait ends it, and nothing is committed', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const policy = {
    execute: () => Promise.reject(Object.assign(new Error('isolated'), { isIsolatedCircuitError: true })),
  };
  const processor = make({ process: () => undefined }, { middleware: [circuitBreaker(policy)] });
  const run = processor.runLoop();
  await clock.advance(5_500);
  t.is(await stateOf(run), 'pending');
  await processor.close();
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('of two partitions one tries whether the circuit may close, and the other keeps no slot that this one waits for', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 1).fill('in', 1, 1);
  let calls = 0;
  const run = make(
    {
      async process(messages, sender, context) {
        if (++calls === 1) throw boom;
        // Gives back the slot, and needs it again to end.
        await context.wait(2_500);
        for (const { value } of messages) sender.send({ topic: 'out', value });
      },
    },
    {
      inputPartitions: [0, 1],
      middleware: [retry({ initialMs: 10, maxMs: 10 }), circuitBreaker(new Breaker(0))],
    },
  ).runToEnd();
  await clock.advance(20_000);
  await run;
  t.is(calls, 3);
  t.is(kafka.values('out').length, 2);
});

test('what is no policy, and another option, are refused', (t) => {
  const policy = new Breaker(0);
  t.throws(() => circuitBreaker({} as CircuitBreakerPolicy), {
    instanceOf: ConfigError,
    message: /the policy must have the method execute\(run\)/,
  });
  t.throws(() => circuitBreaker(policy, { pollMs: -1 }), { instanceOf: ConfigError });
  t.throws(() => circuitBreaker(policy, { poll: 1 } as object), { instanceOf: ConfigError });
});

test("cockatiel's circuit: it opens after its failures, refuses, and closes when its trial has succeeded", async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 2).fill('in', 1, 2);
  // Its time is that of the machine: it is half open immediately after it has opened.
  const policy = cockatiel(handleAll, { halfOpenAfter: 0, breaker: new ConsecutiveBreaker(2) });
  const states: string[] = [];
  policy.onStateChange((state) => states.push(CircuitState[state]));
  let calls = 0;
  const run = make(
    {
      process(messages, sender) {
        if (++calls <= 2) throw boom;
        for (const { value } of messages) sender.send({ topic: 'out', value });
      },
    },
    {
      inputPartitions: [0, 1],
      middleware: [retry({ initialMs: 10, maxMs: 10, jitter: 0 }), circuitBreaker(policy, { pollMs: 500 })],
    },
  ).runToEnd();
  await clock.advance(60_000);
  await run;
  t.is(calls, 4, 'two failures, and then a call for each partition');
  t.deepEqual(states, ['Open', 'HalfOpen', 'Closed']);
  t.is(kafka.values('out').length, 4);
});

test("while cockatiel's circuit is open, or isolated, process is not called", async (t) => {
  for (const how of ['open', 'isolated']) {
    const { kafka, clock, make } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
    const policy = cockatiel(handleAll, { halfOpenAfter: 3_600_000, breaker: new ConsecutiveBreaker(1) });
    if (how === 'open')
      await t.throwsAsync(
        policy.execute(() => Promise.reject(boom)),
        { is: boom },
      );
    const isolation = how === 'isolated' ? policy.isolate() : undefined;
    let calls = 0;
    const processor = make(
      {
        process() {
          calls++;
        },
      },
      { middleware: [circuitBreaker(policy)] },
    );
    const run = processor.runLoop();
    await clock.advance(5_000);
    t.is(calls, 0, how);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
    if (isolation === undefined) await processor.close();
    else {
      // Released, it is asked again after pollMs.
      isolation.dispose();
      await clock.advance(2_000);
      t.is(calls, 1);
      await processor.close();
      t.is(kafka.committed(GROUP, 'in', 0), 1);
    }
    await run;
  }
});
