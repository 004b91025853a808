export { EmbeddedCluster } from './cluster.ts';
export type { CompactOptions } from './compact-topic.ts';
export type { GroupRules } from './groups/group-rules.ts';
export type { EmbeddedCommit } from './groups/group-offsets.ts';
export type { RequestCount } from './cluster-state.ts';
export type { Faults } from './faults/faults.ts';
export type {
  DelayFault,
  DropFault,
  FailFault,
  FaultHandle,
  FaultTarget,
  ForgetFault,
  LateFault,
  LateFaultHandle,
} from './faults/fault.ts';
export type { RequestFaults } from './faults/request-faults.ts';
export { randomFaultKinds } from './faults/random-faults.ts';
export type { RandomFaultKind, RandomFaultsHandle, RandomFaultsOptions } from './faults/random-faults.ts';
export type { Journal, JournalEnd, JournalEntry, JournalRequest } from './journal.ts';
export type { EmbeddedClusterOptions, EmbeddedTopicOptions } from './options.ts';
export type { EmbeddedRecord, WrittenRecord } from './topic-records.ts';
export { apiNames } from './request-summary.ts';
export type { ApiName, RequestSummary, TopicSummary } from './request-summary.ts';
