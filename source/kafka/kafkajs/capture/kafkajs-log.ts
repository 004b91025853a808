import { checkArguments, loggerArgument } from '../../../kernel/check-arguments.ts';
import { limitRepeats } from '../../../kernel/limit-repeats.ts';
import type { Logger } from '../../../kernel/logger.ts';

/** A line as kafkajs gives it to a log function. */
export interface KafkajsLogEntry {
  readonly namespace: string;
  /** 1 error, 2 warn, 4 info, 5 debug. */
  readonly level: number;
  readonly label: string;
  readonly log: { readonly message: string; readonly [field: string]: unknown };
}

const WARN = 2;
/** What our own loggers add, or what says nothing to a user. */
const LEFT_OUT = new Set(['message', 'timestamp', 'logger', 'stack']);

/**
 * Sends kafkajs's log lines to a {@link Logger}: give it to
 * `new Kafka({ logCreator: kafkaLogCreator(logger) })`. A TopicProcessor does so itself where
 * `client` is options. Lines have `component: 'kafkajs'` and kafkajs's namespace.
 *
 * What kafkajs calls an error (a refused connection, say) is a warning here: the caller retries,
 * and what it gives up reaches the user as a typed error. Its information lines name the steps of
 * connections, so they are debug lines here.
 *
 * Repeats are limited as by {@link limitRepeats}. For other limits, or to have the last counts at
 * the end of the program, give a logger of your own `limitRepeats`, and close it there.
 */
export function kafkaLogCreator(logger: Logger): (level: number) => (entry: KafkajsLogEntry) => void {
  checkArguments('kafkaLogCreator', loggerArgument(logger));
  const log = kafkajsLog(limitRepeats(logger), () => false);
  return () => log;
}

/** Takes a line of kafkajs. */
export type KafkajsLog = (entry: KafkajsLogEntry) => void;

/** @param isQuiet whether what it warns of is for debugging only, since it is reported elsewhere */
export function kafkajsLog(logger: Logger, isQuiet: () => boolean): KafkajsLog {
  const child = logger.child({ component: 'kafkajs' });
  return (entry) => {
    const fields = Object.fromEntries(Object.entries(entry.log).filter(([name]) => !LEFT_OUT.has(name)));
    const line = { ...fields, namespace: entry.namespace };
    if (entry.level <= WARN && !isQuiet()) child.warn(entry.log.message, line);
    else child.debug(entry.log.message, line);
  };
}
