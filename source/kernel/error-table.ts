/** One kind of error, as the documentation lists it. */
export interface ErrorRow {
  /** The class that carries the code. */
  readonly className: string;
  /** When it occurs. */
  readonly when: string;
  /** What to do about it. Links to files count from the root of the package. */
  readonly remedy: string;
}

/**
 * Every `code` that a KasperError can carry, in the order in which a newcomer meets them. A class
 * with a code that has no row here does not compile.
 */
export const errorTable = {
  CONFIG: {
    className: 'ConfigError',
    when: 'Options, a job file, the topics or the brokers cannot be used. Thrown before anything is processed',
    remedy: 'Fix what `problems` lists: it has all that was found, not only the first',
  },
  CONNECTION: {
    className: 'ConnectionError',
    when: 'No broker could be reached, or none accepted the connection (network, TLS, SASL)',
    remedy:
      'Check addresses, `ssl` and `sasl`; a first connection is tried for `firstConnectTimeoutMs`, an outage for `retryTimeoutMs`',
  },
  ASSIGNMENT: {
    className: 'AssignmentError',
    when: 'Another process owns the partition (the message names it), the topic was deleted, or `seek` named a partition that is not read here',
    remedy: 'Stop that process, or give each its own `inputPartitions`: see [Claims](source/claims.md)',
  },
  FENCED: {
    className: 'FencedError',
    when: 'Another process took a partition over, because this one was silent for too long or both have the same `instanceId`. Nothing more was committed',
    remedy:
      'Let this process exit. Find out what suspended it or blocked its event loop, or raise `claimTimeoutMs`',
  },
  OFFSET_OUT_OF_RANGE: {
    className: 'OffsetOutOfRangeError',
    when: 'The next offset is not in the log: deleted by retention, truncated, or the topic was recreated. Also `seek` to such an offset',
    remedy:
      'Find out which records are lost, then start with `onOffsetOutOfRange` `earliest` or `latest`, or set the offset with `kasper offsets reset`',
  },
  PROCESS: {
    className: 'ProcessError',
    when: '`process`, the flush of what it sent, or the flush of a store failed. Nothing of the batch was committed; `ranges` has its offsets',
    remedy:
      'See `cause`, the value that was thrown; the batch is reprocessed at the next start. The message has the `kasper offsets reset` that skips it: see [When a record is bad](source/middleware/README.md)',
  },
  BATCH: {
    className: 'BatchError',
    when: 'Thrown by your code or by `eachMessage` when some messages of a batch failed and the others are done. It is the `cause` of a ProcessError',
    remedy:
      'Give the processor the middleware `deadLetter()`, or `retry()`: see [When a record is bad](source/middleware/README.md)',
  },
  UNRECOVERABLE: {
    className: 'UnrecoverableError',
    when: 'Thrown by your code for a failure that no retry can fix',
    remedy: '`retry` throws it on immediately, and so must a middleware of your own that retries',
  },
  LIFECYCLE: {
    className: 'LifecycleError',
    when: 'A call at the wrong time: a second run, `send` after the batch has ended or beyond `maxSendBufferBytes`, `seek` inside `process`. Or `init`, `onAssigned`, `onRevoked` or `close` of a MessageProcessor threw',
    remedy: 'Look for a missing `await`. What your code threw is the `cause`',
  },
  SEND: {
    className: 'SendError',
    when: '`send` refused a record that could never be sent: a wrong type, a partition that does not exist, more than `maxRecordBytes`',
    remedy: 'Fix the record. If the error is caught where `send` was called, the batch continues',
  },
  PRODUCE: {
    className: 'ProduceError',
    when: 'Records were not acked: the topic does not exist, they were refused, or there was no leader for `retryTimeoutMs`. `acked`, `failed` and `unknown` show which',
    remedy: 'Fix the topic and start again; those in `unknown` may then be stored twice',
  },
  STORE: {
    className: 'StoreError',
    when: 'A call of a store failed. `failures` lists each key with its reason, `written` what was written nevertheless',
    remedy:
      'If `retriable`, let the server recover: the batch is reprocessed. Otherwise fix the key, the value or the mapping',
  },
  CODEC: {
    className: 'CodecError',
    when: 'A codec could not decode stored bytes, or encode a value; the message names the key',
    remedy: 'Give the store the codec with which the value was written, or delete the key',
  },
  COMMIT: {
    className: 'CommitError',
    when: 'Offsets were refused, or could not be committed for `commitTimeoutMs`, or `commitMetadata` threw. `failed` and `stored` show which',
    remedy:
      'See `cause`: access rights, or a member in the group. What is processed and not committed is reprocessed',
  },
  RECORD: {
    className: 'RecordError',
    when: 'A fetched record batch is damaged, exceeds the size limit when decompressed, or has a format older than Kafka 0.11. The message names its offset',
    remedy:
      'Look at it with kafka-dump-log.sh. To continue, set the offset past it with `kasper offsets reset`',
  },
  BROKER: {
    className: 'BrokerError',
    when: 'A broker answered with an error that is final, or that was still there after `retryTimeoutMs`: `brokerCode` and `brokerError`',
    remedy: 'Do what the message says, such as granting access to the group',
  },
  TIMEOUT: {
    className: 'TimeoutError',
    when: '`process` ran longer than `processTimeoutMs`, `close()` longer than `closeTimeoutMs`, or a broker did not answer in time',
    remedy: 'Observe `context.signal`. Exit the process, because a function that hangs cannot be stopped',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

/**
 * Every `code` that a KasperError can carry. The literal is stable: it may be compared and logged.
 */
export type ErrorCode = keyof typeof errorTable;
