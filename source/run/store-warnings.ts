import type { RunContext } from '../config/run-context.ts';

/**
 * Asks each store, once, what an operator should know of the place where its values are, and logs
 * it. Nothing waits for the answers, and a store that does not answer is reported by the calls of
 * the job.
 */
export async function logStoreWarnings({ config, logger, closing }: RunContext): Promise<void> {
  if (config.storesInMemory)
    logger.warn(
      'The stores are in the memory of this process: what they hold ends with it, while the offsets stay committed. Give jobStores, which says where else',
      { stores: Object.keys(config.stores).join(',') },
    );
  const namesOf = new Map<string, string[]>();
  await Promise.all(
    Object.entries(config.stores).map(async ([name, store]) => {
      try {
        const warnings = (await store.warnings?.({ signal: closing })) ?? [];
        for (const text of warnings) namesOf.set(text, [...(namesOf.get(text) ?? []), name]);
      } catch (error) {
        logger.debug('A store could not be asked for warnings', { store: name, error });
      }
    }),
  );
  // Stores in one place say the same.
  for (const [text, names] of namesOf) logger.warn(text, { stores: names.join(',') });
}
