/** One kind of error: all that the README's table of errors needs. */
export interface ErrorRow {
  /** The class that carries the code. */
  readonly className: string;
  /** When it is met. */
  readonly when: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Every `code` that a KasperError can carry, in the order in which a newcomer meets them. A class with a code that has no row here does not compile. */
export const errorTable = {
  CONFIG: {
    className: 'ConfigError',
    when: 'Options, a job file, the topics or the brokers do not fit. Before anything is processed',
    remedy: 'Mend what `problems` lists: it is all that was found, not the first of it',
  },
  CONNECTION: {
    className: 'ConnectionError',
    when: 'No broker could be reached, or none let us in (network, TLS, SASL)',
    remedy: 'Check addresses, `ssl` and `sasl`; outages are ridden out for `retryTimeoutMs`',
  },
  ASSIGNMENT: {
    className: 'AssignmentError',
    when: 'Another process has the partition (it is named), the topic was deleted, or `seek` named a partition that is not read here',
    remedy: 'End that process, or give each its own `inputPartitions`: see [Claims](#claims)',
  },
  FENCED: {
    className: 'FencedError',
    when: 'Another process took a partition over, since this one was silent for too long or has the same `instanceId`. Nothing more was committed',
    remedy: 'Let it end; find what stopped it or blocked its event loop, or raise `claimTimeoutMs`',
  },
  OFFSET_OUT_OF_RANGE: {
    className: 'OffsetOutOfRangeError',
    when: 'The next offset is not in the log: deleted by retention, truncated, or the topic was made anew. Also `seek` to such an offset',
    remedy:
      'Find out what is lost, then start with `onOffsetOutOfRange` `earliest` or `latest`, or set the offset: `kasper offsets reset`',
  },
  PROCESS: {
    className: 'ProcessError',
    when: '`process`, the flush of what it sent, or the flush of a store failed. Nothing of the batch was committed; `ranges` names it',
    remedy: 'See `cause`, the very value that was thrown; the batch comes again at the next start',
  },
  BATCH: {
    className: 'BatchError',
    when: 'Thrown by your code or by `eachMessage`: some messages of a batch failed, the others are done. The `cause` of a ProcessError',
    remedy:
      'Catch it in a middleware and set `failures` aside, as [05-errors](scripts/examples/05-errors.ts) does',
  },
  UNRECOVERABLE: {
    className: 'UnrecoverableError',
    when: 'Thrown by your code for what no retry can mend',
    remedy: 'A middleware that retries lets it pass at once',
  },
  LIFECYCLE: {
    className: 'LifecycleError',
    when: 'A call at the wrong time: a second run, `send` after the batch has ended or beyond `maxSendBufferBytes`, `seek` inside `process`; or `init`, `onAssigned`, `onRevoked` or `close` of a MessageProcessor threw',
    remedy: 'Look for a missing `await`; what your code threw is the `cause`',
  },
  SEND: {
    className: 'SendError',
    when: '`send` refused a record that could never be sent: a wrong type, no such partition, more than `maxRecordBytes`',
    remedy: 'Mend the record; caught where `send` was called, the batch goes on',
  },
  PRODUCE: {
    className: 'ProduceError',
    when: 'Records were not acked: no such topic, refused, or no leader for `retryTimeoutMs`. `acked`, `failed` and `unknown` tell which',
    remedy: 'Mend the topic and start again; `unknown` ones may be stored twice then',
  },
  STORE: {
    className: 'StoreError',
    when: 'A call of a store failed; `failures` names each key with its reason, `written` what was written all the same',
    remedy:
      'If `retriable`, let the server recover: the batch comes again. Else mend the key, the value or the mapping',
  },
  CODEC: {
    className: 'CodecError',
    when: 'A codec could not turn stored bytes into a value, or a value into bytes; the key is named',
    remedy: 'Give the store the codec that wrote the value, or delete the key',
  },
  COMMIT: {
    className: 'CommitError',
    when: 'Offsets were refused, or could not be committed for `commitTimeoutMs`; or `commitMetadata` threw. `failed` and `stored` tell which',
    remedy: 'See `cause`: access, or a member in the group. What is processed and not committed comes again',
  },
  RECORD: {
    className: 'RecordError',
    when: 'A fetched record batch is damaged, inflates beyond all bounds, or is older than Kafka 0.11. Its offset is named',
    remedy: 'Look at it with kafka-dump-log.sh; to go on, set the offset past it: `kasper offsets reset`',
  },
  BROKER: {
    className: 'BrokerError',
    when: 'A broker answered with an error, `brokerCode` and `brokerError`, that is final or outlasted `retryTimeoutMs`',
    remedy: 'Do what the message says, such as granting access to the group',
  },
  TIMEOUT: {
    className: 'TimeoutError',
    when: '`process` ran beyond `processTimeoutMs`, `close()` beyond `closeTimeoutMs`, or a broker did not answer in time',
    remedy: 'Heed `context.signal`; end the process, since a function that hangs cannot be stopped',
  },
} as const satisfies Readonly<Record<string, ErrorRow>>;

/** Every `code` that a KasperError can carry. The literal is stable: it may be compared and logged. */
export type ErrorCode = keyof typeof errorTable;
