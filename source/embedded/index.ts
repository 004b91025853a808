export { apiNames } from './api.ts';
export type { ApiName, RequestSummary, TopicSummary } from './api.ts';
export { EmbeddedCluster } from './cluster.ts';
export type { EmbeddedCommit } from './cluster.ts';
export type { RequestCount } from './cluster-state.ts';
export { Faults } from './faults.ts';
export type { DelayFault, DropFault, FailFault, FaultHandle, FaultTarget } from './faults.ts';
export type { EmbeddedClusterOptions, EmbeddedTopicOptions } from './options.ts';
