import { ConfigError } from '../kernel/errors.ts';
import { isObject } from '../kernel/is-object.ts';
import { show } from '../kernel/shown-value.ts';
import type { ConsumerMessage, ForwardFields, ProducerMessage } from '../message.ts';
import type { Sender } from '../sender.ts';

/**
 * A sender that keeps what it is given, for unit tests of `process`. It encodes nothing, and knows no
 * limits: what a real one refuses, it takes. A TestHarness has the real one.
 *
 * @example
 * const sender = new FakeSender();
 * await processor.process([consumerMessage({ topic: 'in', partition: 0, offset: 0, value: '20' })], sender, context);
 * assert.deepEqual(sender.sent, [{ topic: 'out', value: '20' }]);
 */
export class FakeSender implements Sender {
  /**
   * What was sent, in order, as it was given to `send`. Of a message that was forwarded, its key,
   * value, headers and timestamp with the fields over them; without those that it does not have.
   */
  readonly sent: ProducerMessage[] = [];
  /** How many were sent before each flush. */
  readonly flushes: number[] = [];

  send(message: ProducerMessage): void {
    checkFields('send', message);
    this.sent.push(message);
  }

  forward(message: ConsumerMessage, fields: ForwardFields): void {
    checkFields('forward', fields);
    const { key, value, headers, timestamp } = message;
    const given = Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined));
    this.sent.push({
      ...(key === null ? {} : { key }),
      value,
      ...(headers.size === 0 ? {} : { headers: [...headers] }),
      ...(timestamp === -1 ? {} : { timestamp }),
      ...(given as unknown as ForwardFields),
    });
  }

  flush(): Promise<void> {
    this.flushes.push(this.sent.length);
    return Promise.resolve();
  }
}

/** @throws ConfigError for what names no topic */
function checkFields(method: string, fields: unknown): void {
  if (isObject(fields) && typeof fields['topic'] === 'string') return;
  throw new ConfigError([`a record to send must be an object with a topic, not ${show(fields)}`], {
    what: `FakeSender.${method}`,
  });
}
