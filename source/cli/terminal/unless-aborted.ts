import { aborted } from '../../kernel/aborted.ts';

/**
 * The result of what works, or undefined if the signal is aborted first: nobody waits for it any
 * more then, nor hears of its failure.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return Promise.race([work, aborted(signal).then(() => undefined)]);
}
