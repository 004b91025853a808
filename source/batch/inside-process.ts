import type { ConsumerMessage } from '../message.ts';
import type { ProcessContext, ProcessFunction } from '../message-processor.ts';
import type { Sender } from '../sender.ts';

/** The name of {@link kasperProcessCall}, as a stack trace shows it. */
const FRAME = 'kasperProcessCall';

/**
 * Calls the user's function and waits for it. Its frame is in the stack of everything that
 * function calls, also behind an `await`.
 */
export async function kasperProcessCall(
  process: ProcessFunction,
  messages: readonly ConsumerMessage[],
  sender: Sender,
  context: ProcessContext,
): Promise<void> {
  const running = process(messages, sender, context);
  if (running !== undefined) await running;
}

/**
 * Whether the caller is called, or awaited, by a `process` function.
 *
 * It looks at the stack trace: V8 keeps track of who awaits whom at no cost, while
 * AsyncLocalStorage would make every promise of the program dearer, for the sake of one rare call.
 * A caller that hides behind a callback, or minified code, is not recognised.
 *
 * @see https://v8.dev/docs/stack-trace-api#async-stack-traces
 */
export function isCalledFromProcess(): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const { stack } = new Error('Only its stack is of use');
  Error.stackTraceLimit = limit;
  return typeof stack === 'string' && stack.includes(FRAME);
}
