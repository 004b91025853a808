import { deadLetterHeaders, deadLetterOf } from '../dead-letter.ts';
import { KasperError, SendError } from '../kernel/errors.ts';
import { exactHeadersOf } from '../kernel/raw-names.ts';
import { readOr } from '../kernel/read-or.ts';
import { messageOf, nameOf, stackOf } from '../kernel/thrown-text.ts';
import type { HeaderValue } from '../message.ts';
import type { MessageFailure } from '../message-processor.ts';
import type { Sender } from '../sender.ts';

/** A message that is too large with all that is known of its error keeps this much of the text. */
const SHORT_MESSAGE_BYTES = 200;

/** Where a dead letter goes, and what of its error goes along. */
export interface DeadLetterTarget {
  readonly topic: string;
  readonly groupId: string;
  readonly maxStackBytes: number;
}

/**
 * Sends a failed message to its dead-letter topic: key, value, timestamp and its own headers byte for
 * byte, then those that say where it is from and why. Where that is more than a record may have, it
 * goes without the stack, then with the beginning of the error's message.
 *
 * @throws SendError where it is too large all the same
 */
export function sendDeadLetter(sender: Sender, failure: MessageFailure, target: DeadLetterTarget): void {
  const { message } = failure;
  const { topic } = target;
  const own = exactHeadersOf(message).filter(([name]) => !name.startsWith(deadLetterHeaders.prefix));
  const text = messageOf(failure.error);
  const forms = [
    { text, stack: beginning(stackOf(failure.error), target.maxStackBytes) },
    { text },
    { text: beginning(text, SHORT_MESSAGE_BYTES) },
  ];
  for (const [at, form] of forms.entries()) {
    try {
      sender.forward(message, { topic, headers: [...own, ...origin(failure, target, form)] });
      return;
    } catch (error) {
      if (!(error instanceof SendError) || at === forms.length - 1) throw error;
    }
  }
}

function origin(
  { message, error, stage }: MessageFailure,
  { groupId }: DeadLetterTarget,
  { text, stack }: { readonly text: string; readonly stack?: string },
): readonly (readonly [name: string, value: HeaderValue])[] {
  const names = deadLetterHeaders;
  return [
    [names.topic, message.topic],
    [names.partition, String(message.partition)],
    [names.offset, String(message.offset)],
    [names.group, groupId],
    [names.deliveryCount, String(deadLetterOf(message).deliveryCount + 1)],
    [names.message, text],
    [names.exception, kindOf(error)],
    ...(stack === undefined ? [] : [[names.stacktrace, stack] as const]),
    [names.stage, stage ?? 'process'],
  ];
}

/** The code of an error that has one, else its name. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if (KasperError.is(error)) return error.code;
  const code: unknown = readOr(undefined, () => ('code' in error ? error.code : undefined));
  return typeof code === 'string' ? code : nameOf(error);
}

/** At most so many bytes of UTF-8, and no half of a character. */
function beginning(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // A byte that continues a character is not its first one.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
