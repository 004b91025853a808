import { checkArguments } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { endedByClose } from '../kernel/closed-while-waiting.ts';
import type { OffsetRange } from '../kernel/errors.ts';
import type { ConsumerMessage } from '../message.ts';
import { failuresOf } from './failed-messages.ts';
import type { Middleware } from './middleware.ts';
import { withInfo } from './middleware-info.ts';

/** Options of {@link logErrors}. */
export interface LogErrorsOptions {
  /** Default 'warn'. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
}

/** What `level` may be. */
const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error'];

/**
 * Logs each error that passes, with the attempt, the partition and the offsets, and throws it on.
 * Inside of {@link retry} it logs each attempt. A wait that ends because the processor closes is no
 * error.
 *
 * @throws ConfigError for an unknown option or level
 * @example middleware: [retry(), logErrors()]
 */
export function logErrors(options: LogErrorsOptions = {}): Middleware {
  checkOptionNames('logErrors', options, ['level']);
  const { level = 'warn' } = options;
  checkArguments('logErrors', [levels.includes(level), `level must be one of ${levels.join(', ')}`, level]);
  return withInfo({ name: 'logErrors' }, (next) => async (messages, sender, context) => {
    try {
      await next(messages, sender, context);
    } catch (error) {
      if (!endedByClose(error)) {
        const { attempt, partition } = context;
        const failed = failuresOf(error)?.length;
        context.logger[level]('Processing failed', {
          attempt,
          partition,
          ranges: rangesOf(messages),
          ...(failed === undefined ? {} : { failed }),
          error,
        });
      }
      throw error;
    }
  });
}

/** Per topic, from the first to the last offset. */
function rangesOf(messages: readonly ConsumerMessage[]): readonly OffsetRange[] {
  const ranges = new Map<string, OffsetRange>();
  for (const { topic, partition, offset } of messages) {
    const { first = offset } = ranges.get(topic) ?? {};
    ranges.set(topic, { topic, partition, first, last: offset });
  }
  return [...ranges.values()];
}
