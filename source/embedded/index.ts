export { EmbeddedCluster } from './cluster.ts';
export type { EmbeddedCommit } from './groups/group-offsets.ts';
export type { RequestCount } from './cluster-state.ts';
export type { Faults } from './faults/faults.ts';
export type { DelayFault, DropFault, FailFault, FaultHandle, FaultTarget } from './faults/fault.ts';
export type { EmbeddedClusterOptions, EmbeddedTopicOptions } from './options.ts';
export type { EmbeddedRecord, WrittenRecord } from './topic-records.ts';
export { apiNames } from './request-summary.ts';
export type { ApiName, RequestSummary, TopicSummary } from './request-summary.ts';
