import { checkArguments } from './kernel/check-arguments.ts';
import type { ConsumerMessage } from './message.ts';

/**
 * Reads a header of a message as UTF-8 text: the last of this name, as Kafka does; undefined where
 * there is none, or its value is null.
 *
 * @throws ConfigError for a name that is no text
 * @example deduplicate({ store: 'seen', id: header('message_id') })
 */
export function header(name: string): (message: ConsumerMessage) => string | undefined {
  checkArguments('header', [typeof name === 'string', 'the name of a header must be text', name]);
  return (message) => message.headers.get(name)?.toString();
}
