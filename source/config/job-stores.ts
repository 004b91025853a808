import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import type { MultiStore } from '../../stores/multi-store.ts';
import type { Store } from '../../stores/store.ts';
import { isObject } from '../kernel/is-object.ts';
import { problemOfMadeStores } from '../kernel/made-stores.ts';
import { show } from '../kernel/shown-value.ts';
import { textOf } from '../kernel/thrown-text.ts';
import type { StoreMap } from '../message-processor.ts';
import type { StoresOption } from './stores-option.ts';

/**
 * Stores of one kind (in memory, in Redis, in Elasticsearch), with names of their own: two names
 * never share a key. `kasper run` gives those that `--store` names.
 */
export interface JobStores {
  /**
   * The Store of this name. For `kasper run`, in Redis: keys under `{topicProcessorName}/{name}/`;
   * in Elasticsearch: the index `{topicProcessorName}-{name}`.
   */
  store(name: string): Store;
  /** The MultiStore of this name: the same, for each tenant. */
  multiStore(name: string): MultiStore;
}

/** Makes the option `stores` of what it is given, so that a job does not say where they are. */
export type StoresFunction<Stores extends StoreMap = StoreMap> = (stores: JobStores) => StoresOption<Stores>;

/** Stores in the memory of this process, the same for one name. */
export function storesInMemory(): JobStores {
  const single = new Map<string, MapStore>();
  const multi = new Map<string, MultiMapStore>();
  return {
    store: (name) => single.get(name) ?? added(single, name, new MapStore()),
    multiStore: (name) => multi.get(name) ?? added(multi, name, new MultiMapStore()),
  };
}

function added<Store>(all: Map<string, Store>, name: string, store: Store): Store {
  all.set(name, store);
  return store;
}

/** The stores of a job, and what is wrong with them. */
export interface MadeStores {
  /** As the option `stores` takes them; to be checked still. */
  readonly stores: unknown;
  /** Whether they were made in memory since nothing says where else. */
  readonly isInMemory: boolean;
  /** What the function threw. */
  readonly cause?: unknown;
}

/**
 * The stores of the options: as they are, or what the function makes of `jobStores`. What is wrong
 * is added to the problems.
 */
export function makeStores(
  { stores, jobStores }: { readonly stores?: unknown; readonly jobStores?: unknown },
  problems: string[],
): MadeStores {
  if (jobStores !== undefined && !isJobStores(jobStores))
    problems.push(`jobStores must be an object { store(name), multiStore(name) }, not ${show(jobStores)}`);
  if (typeof stores !== 'function') {
    if (jobStores !== undefined)
      problems.push('jobStores is for a job whose stores are a function of it; these are not');
    return { stores, isInMemory: false };
  }
  if (jobStores !== undefined && !isJobStores(jobStores)) return { stores: {}, isInMemory: false };
  try {
    const made: unknown = (stores as StoresFunction)(jobStores ?? storesInMemory());
    const problem = problemOfMadeStores(made);
    if (problem === undefined) return { stores: made, isInMemory: jobStores === undefined };
    problems.push(problem);
    return { stores: {}, isInMemory: false };
  } catch (cause) {
    problems.push(`the function \`stores\` threw ${textOf(cause)}`);
    return { stores: {}, isInMemory: false, cause };
  }
}

function isJobStores(value: unknown): value is JobStores {
  return isObject(value) && typeof value['store'] === 'function' && typeof value['multiStore'] === 'function';
}
