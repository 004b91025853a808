import { damagedCases } from './broker-contract-damaged.ts';
import { fetchCases } from './broker-contract-fetch.ts';
import { groupPhaseCases } from './broker-contract-group-phases.ts';
import { groupCases } from './broker-contract-groups.ts';
import { limitCases } from './broker-contract-limits.ts';
import { produceCases } from './broker-contract-produce.ts';
import { rebalanceCases } from './broker-contract-rebalances.ts';
import { sessionCases } from './broker-contract-sessions.ts';
import { staticMemberCases } from './broker-contract-static-members.ts';
import { topicCases } from './broker-contract-topics.ts';
import { transactionalOffsetCases } from './broker-contract-transactional-offsets.ts';
import { transactionalRecordCases } from './broker-contract-transactional-records.ts';
import { transactionCases } from './broker-contract-transactions.ts';
import type { ContractCase } from './contract-case.ts';

/** What the embedded cluster must do as Apache Kafka does it: each case holds on both. */
export const brokerContract: readonly ContractCase[] = [
  ...produceCases,
  ...damagedCases,
  ...fetchCases,
  ...topicCases,
  ...limitCases,
  ...sessionCases,
  ...groupCases,
  ...transactionCases,
  ...transactionalRecordCases,
  ...transactionalOffsetCases,
  ...groupPhaseCases,
  ...staticMemberCases,
  ...rebalanceCases,
];
