import test from 'ava';
import { wrapError } from '../../source/kafka/kafkajs/connection/wrap-error.ts';
import { asError } from '../../source/kernel/as-error.ts';
import { systemClock, sleep } from '../../source/kernel/clock.ts';
import { withinLimits } from '../../stores/backend/call-limits.ts';

const unreadable = Object.defineProperty(new Error('x'), 'message', {
  get() {
    throw new Error('no text');
  },
});

test('an Error is itself, also one whose message throws', (t) => {
  const error = new TypeError('odd');
  t.is(asError(error), error);
  t.is(asError(unreadable), unreadable);
});

for (const thrown of ['text', undefined, Object.create(null), Symbol('odd')] as const) {
  test(`${typeof thrown} becomes an Error with its text, and is its cause`, (t) => {
    const error = asError(thrown);
    t.true(error instanceof Error);
    t.is(error.cause, thrown);
    t.regex(error.message, /^(text|undefined|\[object Object\]|Symbol\(odd\))$/);
  });
}

for (const thrown of [Object.create(null), unreadable] as const) {
  test(`what has no text is wrapped where it enters: ${thrown instanceof Error ? 'an error' : 'an object'}`, async (t) => {
    t.regex(wrapError(thrown, 'broker a:1 (Metadata)').message, /^broker a:1 \(Metadata\): \[object \w+\]$/);
    const isIt = (error: unknown) => error === thrown || (error as Error).cause === thrown;
    const signal = AbortSignal.abort(thrown);
    t.true(isIt(await t.throwsAsync(sleep(systemClock, 1000, signal))));
    const late = new AbortController();
    const call = withinLimits({ timeoutMs: 10_000, signal: late.signal }, () => new Promise(() => undefined));
    late.abort(thrown);
    t.true(isIt(await t.throwsAsync(call)));
  });
}
