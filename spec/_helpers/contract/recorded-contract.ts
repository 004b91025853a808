import { producerCases } from './broker-contract-producers.ts';
import type { RecordedCases } from './contract-case.ts';

/**
 * What the embedded cluster must answer as Apache Kafka does: the answers are on record, and each
 * case is compared with its record on both.
 */
export const recordedContract: readonly RecordedCases[] = [{ name: 'producers', cases: producerCases }];
