import {
  ConfigError,
  type Job,
  type JobStores,
  type Logger,
  type StoreMap,
  type StoresOption,
} from '../../index.ts';
import { problemOfMadeStores } from '../../kernel/made-stores.ts';
import type { Given } from '../settings/layers.ts';
import { openStores } from './opened-stores.ts';
import type { HeldStore, StoreUser } from './store-connection.ts';
import type { StorePlace } from '../settings/store-flags.ts';

/** The option `stores` of a job, and the connection behind it. */
export interface StoresOfJob extends AsyncDisposable {
  readonly option: { readonly stores?: StoresOption<StoreMap> };
  /**
   * Where they are, without secrets; undefined where the job asks for none, or makes them itself.
   */
  readonly what: string | undefined;
  /** What ends with the process: of the stores that `--store map` names, those that hold something. */
  held(): readonly HeldStore[];
}

/**
 * Opens the job's stores: its own, or those that it makes in the place that `--store` names, by
 * default in memory.
 *
 * @throws ConfigError, StoreError if they cannot be reached, and the reason of the signal when that is
 *   aborted
 */
export async function openStoresOf(
  jobStores: Job['stores'],
  place: StorePlace | undefined,
  user: StoreUser,
): Promise<StoresOfJob> {
  if (typeof jobStores !== 'function') {
    return {
      option: jobStores === undefined ? {} : { stores: jobStores },
      what: undefined,
      held: () => [],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const opened = await openStores(place ?? { kind: 'map' }, user);
  const close = () => opened[Symbol.asyncDispose]();
  try {
    return {
      option: { stores: storesFrom(jobStores, opened) },
      what: opened.what,
      held: () => opened.held?.() ?? [],
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws ConfigError unless the function gives the stores themselves */
function storesFrom(
  jobStores: Extract<Job['stores'], (...args: never) => unknown>,
  opened: JobStores,
): StoresOption<StoreMap> {
  const stores: unknown = jobStores(opened);
  const problem = problemOfMadeStores(stores);
  if (problem !== undefined) throw new ConfigError([problem], { what: 'Stores' });
  return stores as StoresOption<StoreMap>;
}

/** Warns of stores that are in memory only since nothing says where else. */
export function warnOfMemory({ job, place, options }: MemoryUser): void {
  if (typeof job.stores !== 'function' || place !== undefined) return;
  options.logger.warn(
    'The stores are in the memory of the process: what they hold ends with it, while the offsets stay committed. Keep it with --store redis or --store elasticsearch',
  );
}

interface MemoryUser {
  readonly job: Pick<Job, 'stores'>;
  readonly place: StorePlace | undefined;
  readonly options: { readonly logger: Logger };
}

/**
 * A flag that would have no effect is a mistake. A configuration file or the environment may serve
 * several jobs, of which not all ask for stores.
 *
 * @throws ConfigError
 */
export function checkStoresOf(jobStores: Job['stores'], store: Given | undefined): void {
  if (store?.layer !== 'flag' || typeof jobStores === 'function') return;
  throw new ConfigError(
    [
      jobStores === undefined
        ? 'the job asks for no stores: remove --store'
        : 'the job makes its own stores, which --store cannot change: remove it, or let the job give a function, `stores: (stores) => ({ name: stores.store(…) })`',
    ],
    { what: 'Stores' },
  );
}
