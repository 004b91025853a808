import { ConfigError, LifecycleError } from '../kernel/errors.ts';
import { isRefusedPromise } from '../kernel/refused-promise.ts';
import { show } from '../kernel/shown-value.ts';
import { messageOf } from '../kernel/thrown-text.ts';
import type { ProcessFunction, StoreMap } from '../message-processor.ts';

/**
 * Wraps the processing of a batch: gets the next function inwards and returns one of the same form.
 *
 * Middleware is around `process` only; flush, stores' flush and commit follow after the outermost
 * has returned. Each call of `next` is one attempt, with a fresh sender of its own; what `sender`
 * of the middleware itself sends goes out with the batch.
 *
 * The outer function is called once when the processor is made, so that a mistake is found then, with
 * a `next` that throws a LifecycleError; and once for each batch, so that its variables are those of
 * the batch. What batches share, such as a circuit breaker, belongs outside of it.
 *
 * @example
 * const timed: Middleware = (next) => async (messages, sender, context) => {
 *   const start = performance.now();
 *   await next(messages, sender, context);
 *   context.logger.info('batch', { ms: performance.now() - start });
 * };
 */
export type Middleware<Stores extends StoreMap = StoreMap> = (
  next: ProcessFunction<Stores>,
) => ProcessFunction<Stores>;

/**
 * The middlewares around `innermost`, the first outermost.
 *
 * @throws ConfigError for a middleware that returns no function
 */
export function chain(middleware: readonly Middleware[], innermost: ProcessFunction): ProcessFunction {
  return middleware.reduceRight((next, wrap, at) => {
    const wrapped: unknown = wrap(next);
    if (typeof wrapped === 'function') return wrapped as ProcessFunction;
    throw new ConfigError([noFunction(wrapped, at)], { what: 'middleware' });
  }, innermost);
}

/**
 * Puts the middlewares around a function before there is a batch. Of those that return no function,
 * or throw, it returns what is wrong, and what the innermost of them threw.
 */
export function tryChain(middleware: readonly Middleware[]): { problems: string[]; cause: unknown } {
  const problems: string[] = [];
  let cause: unknown;
  middleware.reduceRight<ProcessFunction>((next, wrap, at) => {
    try {
      const wrapped: unknown = wrap(next);
      if (typeof wrapped === 'function') return wrapped as ProcessFunction;
      problems.unshift(noFunction(wrapped, at));
    } catch (error) {
      cause ??= error;
      problems.unshift(
        `middleware[${at}] threw when it was put around the next function: ${messageOf(error)}`,
      );
    }
    return next;
  }, outsideOfABatch);
  return { problems, cause };
}

function noFunction(wrapped: unknown, at: number): string {
  if (isRefusedPromise(wrapped))
    return `middleware[${at}] returned a promise: the function that gets next must not be async, only the one that it returns, such as (next) => async (messages, sender, context) => { await next(messages, sender, context); }`;
  return (
    `middleware[${at}] returned ${show(wrapped)}: it must return a function, ` +
    'such as (next) => async (messages, sender, context) => { await next(messages, sender, context); }'
  );
}

function outsideOfABatch(): never {
  throw new LifecycleError(
    'next() was called outside of a batch: call it in the function that the middleware returns, which is called for each batch',
  );
}
