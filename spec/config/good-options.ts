import { makeConfig } from '../../source/config/config.ts';
import type { OptionRow } from '../../source/config/option-row.ts';
import { optionRows } from '../../source/config/option-table.ts';
import { ConfigError } from '../../source/kernel/errors.ts';

export const rows: readonly OptionRow[] = optionRows;

export const good = Object.freeze({
  topicProcessorName: 'orders',
  client: Object.freeze({ brokers: ['localhost:9092'] }),
  inputTopics: Object.freeze(['a', 'b']),
  inputPartitions: Object.freeze([0, 3]),
});

/** The problems with `options` that are merged into good ones. */
export function problemsOf(options: object): readonly string[] {
  try {
    makeConfig({ ...good, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
