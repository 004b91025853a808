/**
 * What became of messages that were not simply processed:
 *
 * | outcome | |
 * | --- | --- |
 * | `retried` | they failed, and were passed to `process` once more |
 * | `dead_lettered` | they failed, and are in a dead-letter topic now |
 * | `skipped` | they were left out, such as repeats |
 */
export type MessageOutcome = 'retried' | 'dead_lettered' | 'skipped';

/** All of them, in the order of the table. */
export const messageOutcomes = [
  'retried',
  'dead_lettered',
  'skipped',
] as const satisfies readonly MessageOutcome[];

/** How many messages had each outcome; one that was retried three times counts three times. */
export type MessageTally = Readonly<Record<MessageOutcome, number>>;

/** Of a batch in which none had: always this very object. */
export const noTally: MessageTally = Object.freeze({ retried: 0, dead_lettered: 0, skipped: 0 });
