import { checkOptionNames } from '../../kernel/check-option-names.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { show } from '../../kernel/shown-value.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';
import type { ConsumerMessage, HeadersInit } from '../../message.ts';
import { BatchView } from './batch-view.ts';
import { ConsumedRecord } from './consumed-record.ts';
import { measureRecord, recordBodyBytes, writeFields, writeRecordPlace } from './encode-record.ts';
import { listHeaders } from './outgoing-headers.ts';
import { varintBytes } from './varint.ts';

/** What {@link consumerMessage} makes a message of. Text is taken as UTF-8. */
export interface ConsumerMessageInit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Default null: no key. */
  readonly key?: Uint8Array | string | null;
  /** Default null: a tombstone. */
  readonly value?: Uint8Array | string | null;
  /** Default: none. */
  readonly headers?: HeadersInit;
  /** Milliseconds since 1970. Default -1: none. */
  readonly timestamp?: number;
}

/**
 * Makes a message as a topic would deliver it, for unit tests of a MessageProcessor and for
 * in-memory fakes. It is encoded and read back by the same code as the messages of a broker, so
 * that it behaves like them in every respect.
 *
 * @throws ConfigError that lists all fields of a wrong type, or one that does not exist
 */
export function consumerMessage(init: ConsumerMessageInit): ConsumerMessage {
  checkOptionNames('Consumer message', init, fields);
  const { topic, partition, offset, timestamp = -1 } = init;
  const topicProblem = topicNameProblem(topic);
  const problems = [
    ...(topicProblem === undefined ? [] : [`topic ${topicProblem}`]),
    ...wholeNumberProblems('partition', partition, 0),
    ...wholeNumberProblems('offset', offset, 0),
    ...wholeNumberProblems('timestamp', timestamp, -1),
    ...bytesProblems('key', init.key),
    ...bytesProblems('value', init.value),
  ];
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Consumer message' });

  const record = measureRecord({
    key: bytesOf(init.key ?? null),
    value: bytesOf(init.value ?? null),
    headers: listHeaders(init.headers),
    timestamp,
  });
  const bodyBytes = recordBodyBytes(record.bytes, 0, 0);
  const buffer = Buffer.allocUnsafeSlow(varintBytes(bodyBytes) + bodyBytes);
  writeFields(buffer, record, writeRecordPlace(buffer, 0, 0, bodyBytes, 0));
  const batch = new BatchView(buffer, {
    topic,
    partition,
    baseOffset: offset,
    baseTimestamp: timestamp,
    appendTime: undefined,
  });
  return new ConsumedRecord(batch, 0);
}

const fields = [
  'topic',
  'partition',
  'offset',
  'key',
  'value',
  'headers',
  'timestamp',
] satisfies readonly (keyof ConsumerMessageInit)[];

function bytesOf(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function wholeNumberProblems(name: string, value: number, least: number): string[] {
  return Number.isSafeInteger(value) && value >= least
    ? []
    : [`${name} must be a whole number from ${least}, not ${show(value)}`];
}

function bytesProblems(name: string, value: unknown): string[] {
  const isFit =
    value === undefined || value === null || typeof value === 'string' || value instanceof Uint8Array;
  return isFit ? [] : [`${name} must be a Buffer, text or null, not ${show(value)}`];
}
