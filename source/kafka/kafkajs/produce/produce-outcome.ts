import { BrokerError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';

/**
 * Codes after which a batch that was sent is certainly not in the log. All others, and silence, leave it open: a leader that is deposed
 * while it waits for its replicas answers 6 for a batch that it has appended, and 7 and 20 come after the append as well.
 */
const NOT_STORED = new Set([2, 3, 10, 17, 18, 19, 21, 29, 31, 32, 35, 43, 44, 45, 47, 59, 76, 87, 89, 90]);

/** Codes by which a broker refuses the producer id or the sequence: it knows others, or none. */
const SEQUENCE_LOST = new Set([45, 47, 49, 59, 90]);

/** Whether the broker said for certain that it stored nothing of this attempt. */
export function certainlyNotStored(error: KasperError): boolean {
  return error instanceof BrokerError && NOT_STORED.has(error.brokerCode);
}

/** Whether a batch needs another producer id before it can be sent again. */
export function losesSequence(error: KasperError): boolean {
  return error instanceof BrokerError && SEQUENCE_LOST.has(error.brokerCode);
}
