import { groupCases } from './broker-contract-groups.ts';
import { logCases } from './broker-contract-logs.ts';
import { sessionCases } from './broker-contract-sessions.ts';
import type { ContractCase } from './contract-case.ts';

/** What the embedded cluster must do as Apache Kafka does it: each case holds on both. */
export const brokerContract: readonly ContractCase[] = [...logCases, ...sessionCases, ...groupCases];
