import type { KafkaClient } from '../kafka/client.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunReports } from '../run-reports.ts';
import type { Config } from './config.ts';

/** What every part of a run is given. */
export interface RunContext {
  readonly config: Config;
  readonly client: KafkaClient;
  /** Carries the processor's name. */
  readonly logger: Logger;
  /** Aborted when the processor starts to close. It ends waits, not a batch in process. */
  readonly closing: AbortSignal;
  readonly reports: RunReports;
}
