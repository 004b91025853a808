import { ErrorCodes } from '../../kafka/wire/error-codes.ts';

/** What is answered for a topic that a request names more than once: for all of them one answer. */
export const duplicateTopic = { code: ErrorCodes.INVALID_REQUEST, message: 'Duplicate topic name.' };

/**
 * The topics of a request, each once, and the names of those that came more than once: nothing is done
 * with them.
 */
export function repeatedTopics<T extends { readonly topic: string }>(
  topics: readonly T[],
): { readonly once: T[]; readonly repeated: ReadonlySet<string> } {
  const once = new Map<string, T>();
  const repeated = new Set<string>();
  for (const wanted of topics) {
    if (once.has(wanted.topic)) repeated.add(wanted.topic);
    else once.set(wanted.topic, wanted);
  }
  return { once: [...once.values()], repeated };
}
