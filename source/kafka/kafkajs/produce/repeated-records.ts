import type { LogFields, Logger } from '../../../kernel/logger.ts';
import type { SinkOptions } from '../../sink.ts';
import type { QueuedBatch } from './flush-ticket.ts';

/**
 * Reports records that are sent again under other sequence numbers, or without any, after an
 * attempt of unknown outcome: no broker recognises the repeat, so they may be stored twice.
 */
export class RepeatedRecords {
  readonly #logger: Logger;
  readonly #onRepeated: SinkOptions['onRepeated'];

  constructor(logger: Logger, onRepeated: SinkOptions['onRepeated']) {
    this.#logger = logger;
    this.#onRepeated = onRepeated;
  }

  /** These are sent again; each batch is counted once, however often that is. */
  report(batches: readonly QueuedBatch[], fields: LogFields): void {
    let records = 0;
    for (const batch of batches) {
      if (!batch.maybeStored || batch.repeated) continue;
      batch.repeated = true;
      records += batch.sealed.count;
    }
    if (records === 0) return;
    this.#logger.warn('Records of unknown outcome are sent again and may be stored twice', {
      records,
      ...fields,
    });
    this.#onRepeated?.(records);
  }
}
