/** The unit that an option's number has; text and choices have none. */
export type OptionUnit = 'ms' | 'bytes' | 'records' | 'batches' | undefined;

/** One scalar option of a TopicProcessor: all that validation, defaults and the README's table need. */
export interface OptionRow {
  readonly name: string;
  readonly kind: 'integer' | 'boolean' | 'choice';
  readonly unit?: OptionUnit;
  /** undefined: see `what`. */
  readonly default: number | boolean | string | undefined;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** What the option decides. */
  readonly what: string;
  /** Why this default or this limit. */
  readonly reason: string;
}

const MiB = 1024 * 1024;
/** The longest wait that setTimeout can hold. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Every option that is a number, a switch or a choice. The README's table is generated from it. */
export const optionRows = [
  {
    name: 'batchSize',
    kind: 'integer',
    unit: 'records',
    default: 1000,
    minimum: 1,
    what: 'A batch is due when so many messages wait, and never holds more',
    reason: "Kasper's default; 10,000 is faster where a batch fits in memory",
  },
  {
    name: 'batchWaitMs',
    kind: 'integer',
    unit: 'ms',
    default: 5000,
    minimum: 0,
    maximum: LONGEST_TIMER_MS,
    what: 'A batch is due when its oldest message has waited so long here',
    reason: "Kasper's default; 0 makes whatever has arrived due at once",
  },
  {
    name: 'batchBytes',
    kind: 'integer',
    unit: 'bytes',
    default: undefined,
    minimum: 1,
    what: 'A batch is due when so many bytes wait, and holds no more, but at least one message. Default: a quarter of `maxBufferBytes`',
    reason: 'a batch in hand must leave room for the other partitions',
  },
  {
    name: 'maxBufferBytes',
    kind: 'integer',
    unit: 'bytes',
    default: 64 * MiB,
    minimum: MiB,
    what: 'Bound on the bytes of fetched records in memory, decompressed, those in process included',
    reason: 'below 1 MiB a fetch could not hold one record batch of usual size',
  },
  {
    name: 'concurrency',
    kind: 'integer',
    default: 1,
    minimum: 1,
    what: 'How many partitions may be in `process` at once; never two batches of one partition',
    reason: 'at 1 a MessageProcessor can be shared by all partitions without locks',
  },
  {
    name: 'initialOffset',
    kind: 'choice',
    default: 'earliest',
    choices: ['earliest', 'latest'],
    what: 'Where a partition without a committed offset starts; committed at once, so that it is decided only once',
    reason: 'starting at the end would skip what is there without a word',
  },
  {
    name: 'onOffsetOutOfRange',
    kind: 'choice',
    default: 'fail',
    choices: ['fail', 'earliest', 'latest'],
    what: 'What happens when the committed offset is no longer in the log',
    reason: 'records were deleted before they were read: a person should know',
  },
  {
    name: 'isolation',
    kind: 'choice',
    default: 'read_committed',
    choices: ['read_committed', 'read_uncommitted'],
    what: 'Whether records of open and aborted transactions are read',
    reason: 'aborted records were never meant to be seen',
  },
  {
    name: 'commit',
    kind: 'choice',
    default: 'pipelined',
    choices: ['pipelined', 'each'],
    what: 'Whether the next batch of a partition may run while offsets are being committed',
    reason: 'a commit takes some 6 ms on the broker, whatever it holds',
  },
  {
    name: 'maxUncommittedRecords',
    kind: 'integer',
    unit: 'records',
    default: 50_000,
    minimum: 1,
    what: 'A partition waits when so many of its records are processed and not yet committed; one batch is always allowed',
    reason: 'after a crash these are processed again',
  },
  {
    name: 'commitTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 60_000,
    minimum: 1000,
    maximum: LONGEST_TIMER_MS,
    what: 'For how long a commit is retried before CommitError ends the run',
    reason: 'a dead coordinator is replaced within some 10 to 20 s',
  },
  {
    name: 'offsetRefreshMs',
    kind: 'integer',
    unit: 'ms',
    default: 60_000,
    minimum: 1000,
    maximum: LONGEST_TIMER_MS,
    what: 'How often every owned position is committed again, moved or not',
    reason: 'offsets of a group without members expire per partition (offsets.retention.minutes)',
  },
  {
    name: 'claims',
    kind: 'boolean',
    default: true,
    what: 'Whether a second process that is given the same partition under the same name is noticed, and refused',
    reason:
      'both would process it, and one would set back what the other commits; costs a second at each start',
  },
  {
    name: 'claimTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 15_000,
    minimum: 6000,
    maximum: LONGEST_TIMER_MS,
    what: 'An owner that did not end properly and was silent for so long loses its partitions to the next process',
    reason:
      'owners renew their claims every 3 s; one that blocks its event loop for longer than this counts as gone',
  },
  {
    name: 'processTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 300_000,
    minimum: 1,
    maximum: LONGEST_TIMER_MS,
    what: 'After so long `context.signal` is aborted; after `closeTimeoutMs` more the run fails with TimeoutError',
    reason: "as Kafka's max.poll.interval.ms; a processor that hangs must not go unnoticed",
  },
  {
    name: 'closeTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 30_000,
    minimum: 1,
    maximum: LONGEST_TIMER_MS,
    what: 'How long `close()` waits for the batches in hand before it gives up with TimeoutError',
    reason: 'the usual grace of service managers',
  },
  {
    name: 'fetchMaxWaitMs',
    kind: 'integer',
    unit: 'ms',
    default: 250,
    minimum: 1,
    maximum: 30_000,
    what: 'How long a broker may hold a fetch for which it has no records (fetch.max.wait.ms)',
    reason: 'a partition that is read again joins the next fetch, at the latest after this',
  },
  {
    name: 'retryTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 120_000,
    minimum: 1000,
    maximum: LONGEST_TIMER_MS,
    what: 'For how long retriable failures of brokers are ridden out before the run fails',
    reason: 'longer than a rolling restart keeps one partition without a leader',
  },
  {
    name: 'maxRecordBytes',
    kind: 'integer',
    unit: 'bytes',
    default: 1_000_000,
    minimum: 100,
    maximum: 1024 * MiB,
    what: 'A larger record is refused by `send`, counted as encoded, before compression',
    reason: "below the broker's default message.max.bytes (1,048,588)",
  },
  {
    name: 'maxSendBufferBytes',
    kind: 'integer',
    unit: 'bytes',
    default: 64 * MiB,
    minimum: 1000,
    what: 'Bound on the bytes that one batch may have sent and not yet flushed; then `send` throws',
    reason: 'as maxBufferBytes',
  },
  {
    name: 'idempotent',
    kind: 'boolean',
    default: true,
    what: 'Whether the broker drops records that a retry sends again (enable.idempotence)',
    reason: 'costs nothing that can be measured',
  },
  {
    name: 'compression',
    kind: 'choice',
    default: 'none',
    choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    what: 'How record batches are compressed when sent',
    reason: 'whatever a topic is compressed with is read in any case',
  },
  {
    name: 'metricsUpdateMs',
    kind: 'integer',
    unit: 'ms',
    default: 15_000,
    minimum: 1000,
    maximum: LONGEST_TIMER_MS,
    what: 'How often the ends of the logs are asked for (ListOffsets), from which the lag follows, and gauges are set where no scrape does it',
    reason: "Prometheus's usual scrape interval; one request to each leader",
  },
  {
    name: 'stallTimeoutMs',
    kind: 'integer',
    unit: 'ms',
    default: 120_000,
    minimum: 1000,
    maximum: LONGEST_TIMER_MS,
    what: 'It is not healthy any more when a partition with lag above `stallLagRecords` did not come forward for so long, or no broker answered',
    reason: 'as retryTimeoutMs: a rolling restart must not get processes killed',
  },
  {
    name: 'stallLagRecords',
    kind: 'integer',
    unit: 'records',
    default: 0,
    minimum: 0,
    what: 'A partition with no more lag than this is healthy though it does not come forward',
    reason: 'whatever waits is to be processed',
  },
] as const satisfies readonly OptionRow[];
