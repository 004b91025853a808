export {
  apiNames,
  EmbeddedCluster,
  type Faults,
  type ApiName,
  type CompactOptions,
  type DelayFault,
  type DropFault,
  type EmbeddedClusterOptions,
  type EmbeddedCommit,
  type EmbeddedRecord,
  type WrittenRecord,
  type EmbeddedTopicOptions,
  type FailFault,
  type FaultHandle,
  type FaultTarget,
  type GroupRules,
  type ForgetFault,
  type Journal,
  type JournalEnd,
  type JournalEntry,
  type JournalRequest,
  type LateFault,
  type LateFaultHandle,
  randomFaultKinds,
  type RandomFaultKind,
  type RandomFaultsHandle,
  type RandomFaultsOptions,
  type RequestFaults,
  type RequestCount,
  type RequestSummary,
  type TopicSummary,
} from '../embedded/index.ts';
export type { ConformanceCase } from './conformance/conformance-case.ts';
export {
  metricsConformance,
  type MetricsCase,
  type MetricsFeature,
  type MetricsSubject,
  type SeriesReading,
} from './conformance/metrics-cases.ts';
export {
  multiStoreConformance,
  type MultiStoreCase,
  type MultiStoreFeature,
  type MultiStoreSubject,
} from './conformance/multi-store-cases.ts';
export {
  storeConformance,
  type StoreCase,
  type StoreFeature,
  type StoreSubject,
} from './conformance/store-cases.ts';
export { runJob, type JobRun, type RunJobOptions, type TestCluster } from './run-job.ts';
export { TestHarness, type HarnessRequest, type TestHarnessOptions } from './harness/test-harness.ts';
export type { TestOptions } from './harness/harness-run.ts';
export type { TypedRecord } from './harness/harness-topics.ts';
export { FakeClock } from './fake-clock.ts';
export type { FakeCall, Gate } from './fake-kafka/fake-requests.ts';
export { FakeSender } from './fake-sender.ts';
export { FaultProxy, type FaultProxyOptions } from './faults/fault-proxy.ts';
export { BrokerProxies, type BrokerProxiesOptions, type SocketFactory } from './faults/broker-proxies.ts';
export type { LifeOptions } from './faults/conditions.ts';
export type { KafkaApiName } from './faults/kafka-apis.ts';
export type { KafkaAction, KafkaRule, KafkaRuleTarget } from './faults/kafka-rules.ts';
export type { Direction, LinkOptions } from './faults/link.ts';
export { consumerMessage, type ConsumerMessageInit } from '../kafka/records/consumer-message.ts';
