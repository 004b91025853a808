import { ConfigError } from '../kernel/errors.ts';
import { show } from '../kernel/shown-value.ts';
import type { ProcessFunction, StoreMap } from '../message-processor.ts';

/**
 * Wraps the processing of a batch: gets the next function inwards and returns one of the same form.
 *
 * Middleware is around `process` only; flush, stores' flush and commit follow after the outermost
 * has returned. Each call of `next` is one attempt, with a fresh sender of its own; what `sender`
 * of the middleware itself sends goes out with the batch.
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
    throw new ConfigError(
      [
        `middleware[${at}] returned ${show(wrapped)}: it must return a function, ` +
          'such as (next) => async (messages, sender, context) => { await next(messages, sender, context); }',
      ],
      { what: 'middleware' },
    );
  }, innermost);
}
