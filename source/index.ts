export type { EntriesOptions, ListedStore, Store, StoreCallOptions, StoreEntries } from '../stores/store.ts';
export type { FencedStore, StoreFence, StoreOwner } from '../stores/store-owner.ts';
export { MultiMap, type AnyStore, type MultiStore, type TenantKey } from '../stores/multi-store.ts';
export { withCodec } from '../stores/with-codec.ts';
export type { RecentError } from './stats.ts';
export type { TopicPartition } from './kernel/topic-partition.ts';
export { BatchError } from './batch-error.ts';
export type { BatchRange, BatchReport, BatchStep } from './batch-report.ts';
export { bytes } from './codecs/bytes.ts';
export type { Codec } from './codecs/codec.ts';
export { int64 } from './codecs/int64.ts';
export { json } from './codecs/json.ts';
export { string } from './codecs/string.ts';
export type { CommitMetadata } from './config/commit-metadata.ts';
export { groupIdOf } from './config/group-names.ts';
export type { TopicProcessorOptions } from './config/options.ts';
export type { StoresOption, StoreWithFlush } from './config/stores-option.ts';
export type { OptionRow, OptionUnit } from './config/option-row.ts';
export { optionRows } from './config/option-table.ts';
export { deadLetterHeaders, deadLetterOf, type DeadLetter } from './dead-letter.ts';
export { header } from './header.ts';
export { eachMessage, type MessageHandler } from './each-message.ts';
export {
  groupClaims,
  type ClaimInfo,
  type ClaimState,
  type GroupClaimsOptions,
  type PartitionClaim,
} from './operate/group-claims.ts';
export {
  groupLag,
  type GroupLag,
  type GroupLagOptions,
  type HeldBackRecords,
  type OffsetProblem,
  type PartitionLag,
} from './operate/group-lag.ts';
export type { GroupSelection } from './operate/group-partitions.ts';
export { readRange, type OffsetSpan, type ReadRangeOptions } from './operate/read-range.ts';
export { topicSpans, type TopicSpansOptions } from './operate/topic-spans.ts';
export { defineJob, type Job, type JobOptions, type JobStores, type StoresFunction } from './job.ts';
export type {
  KafkaAdmin,
  PartitionDetails,
  TopicDetails,
  TopicSetting,
  TopicSettings,
  OpenTransaction,
} from './kafka/admin.ts';
export type { KafkaClient, KafkaObserver, NewTopic, TopicDescription } from './kafka/client.ts';
export type { Trouble, TroubleReports } from './kafka/trouble.ts';
export type {
  CommitResult,
  CommittedOffset,
  GroupDescription,
  GroupMember,
  GroupOffsets,
  OffsetToCommit,
} from './kafka/group-offsets.ts';
export type {
  EpochEnd,
  Isolation,
  OffsetSpec,
  PartitionOffset,
  StartPosition,
} from './kafka/log-position.ts';
export {
  kafkaLogCreator,
  openClient,
  type ClientInit,
  type Deadlines,
  type KafkajsLogEntry,
  type KafkaLike,
  type KafkaOptions,
  type OpenClientOptions,
  type SaslAuthenticator,
  type SaslOptions,
  type SaslProviderArgs,
} from './kafka/open-client.ts';
export { partitioners, type Partitioner } from './kafka/partitioner.ts';
export type {
  Compression,
  EncodedFields,
  EncodedRecord,
  MeasuredRecord,
  OutgoingRecord,
  RecordAccumulator,
  RecordSink,
  SinkOptions,
} from './kafka/sink.ts';
export type {
  Chunk,
  FetchBudget,
  MessageList,
  OutOfRange,
  PartitionReader,
  PartitionSource,
  SourceOptions,
} from './kafka/source.ts';
export type {
  EncodedRecords,
  TransactionalProducer,
  TransactionalProducerOptions,
  TransactionFailure,
  TransactionOutput,
} from './kafka/transactions.ts';
export { systemClock, type Clock, type Timer } from './kernel/clock.ts';
export { errorTable, type ErrorRow } from './kernel/error-table.ts';
export {
  AssignmentError,
  BrokerError,
  CodecError,
  CommitError,
  ConfigError,
  ConnectionError,
  FencedError,
  KasperError,
  LifecycleError,
  OffsetOutOfRangeError,
  ProcessError,
  ProduceError,
  RecordError,
  SendError,
  StoreError,
  TimeoutError,
  UnrecoverableError,
  type ErrorCode,
  type OffsetRange,
  type ProduceOutcome,
  type StoreFailure,
  type StoreKey,
  type TopicPartitionRef,
} from './kernel/errors.ts';
export {
  limitRepeats,
  type LimitedLevel,
  type RepeatLimitedLogger,
  type RepeatLimits,
} from './kernel/limit-repeats.ts';
export { silentLogger, type LogFields, type Logger } from './kernel/logger.ts';
export type { ProcessorState } from './lifecycle.ts';
export type {
  ConsumerMessage,
  ForwardFields,
  Headers,
  HeadersInit,
  HeaderValue,
  MessageObject,
  ProducerMessage,
} from './message.ts';
export type { MessageOutcome, MessageTally } from './message-tally.ts';
export type {
  BatchTrigger,
  InitContext,
  MessageFailure,
  MessageProcessor,
  ProcessContext,
  ProcessFunction,
  SenderDecorator,
  StoreMap,
  Unseen,
} from './message-processor.ts';
export { fromMap, type MessageProcessors } from './message-processors.ts';
export {
  circuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerPolicy,
} from './middleware/circuit-breaker.ts';
export { deadLetter, type DeadLetterOptions } from './middleware/dead-letter.ts';
export { deduplicate, type DeduplicateOptions } from './middleware/deduplicate.ts';
export { logErrors, type LogErrorsOptions } from './middleware/log-errors.ts';
export type { Middleware } from './middleware/middleware.ts';
export {
  middlewareInfo,
  middlewareWarnings,
  missingTopicText,
  neededTopics,
  type MiddlewareConfig,
  type MiddlewareInfo,
  type NeededTopic,
} from './middleware/middleware-info.ts';
export { retry, type RetryOptions } from './middleware/retry.ts';
export { throttle, type ThrottleOptions } from './middleware/throttle.ts';
export { resetOffsets, type ResetOptions } from './operate/offset-reset.ts';
export {
  planOffsetReset,
  type PlannedReset,
  type ResetPlan,
  type ResetSelection,
  type ResetTarget,
} from './operate/offset-reset-plan.ts';
export {
  prefetch,
  type BatchView,
  type KeysKind,
  type KeysOf,
  type MultiBatchView,
  type MultiPrefetchFunction,
  type NamedKeys,
  type PrefetchFunction,
  type StoreFor,
  type TenantKeysOf,
  type ViewFor,
} from './prefetch.ts';
export type { ProcessorEvents } from './processor-events.ts';
export type {
  Degraded,
  HeldBack,
  LastBatch,
  PartitionProcessorStats,
  PartitionStats,
  PartitionStep,
  PartitionSummary,
  ProcessorStats,
  RunSummary,
  TransactionOutcome,
} from './stats.ts';
export type { SeekTarget } from './seek-target.ts';
export type { Sender } from './sender.ts';
export { TopicProcessor, type RunOptions } from './topic-processor.ts';
export { topic, type TypedTopic, type TypedTopicFields } from './typed-topic.ts';
export { topicReports, type PartitionReport, type TopicReport } from './operate/topic-report.ts';
