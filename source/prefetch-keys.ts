import type { AnyStore, MultiStore, TenantKey } from '../stores/multi-store.ts';
import type { Store } from '../stores/store.ts';
import type { ConsumerMessage } from './message.ts';
import type { BatchView, MultiBatchView } from './prefetch-view.ts';

/** The key or keys that a message needs; null or undefined: none. Called once for each message. */
export type KeysOf = (message: ConsumerMessage) => string | readonly string[] | null | undefined;

/**
 * The key or keys of tenants that a message needs; null or undefined: none. Called once for each
 * message.
 */
export type TenantKeysOf = (message: ConsumerMessage) => TenantKey | readonly TenantKey[] | null | undefined;

/** What `keysOf` may name: keys of a Store, or keys of tenants of a MultiStore. */
export type NamedKeys = ReturnType<KeysOf> | ReturnType<TenantKeysOf>;

/** Of which kind of store these keys are; both where that is not known. */
export type KeysKind<Keys> = Keys extends null | undefined | readonly never[]
  ? never
  : Keys extends string | readonly string[]
    ? 'one'
    : 'multi';

/** The store whose keys these are. */
export type StoreFor<Keys, Value> = [KeysKind<Keys>] extends ['one']
  ? Store<Value>
  : [KeysKind<Keys>] extends ['multi']
    ? MultiStore<Value>
    : AnyStore<Value>;

/** How the values under these keys are read and changed. */
export type ViewFor<Keys, Value> = [KeysKind<Keys>] extends ['one']
  ? BatchView<Value>
  : [KeysKind<Keys>] extends ['multi']
    ? MultiBatchView<Value>
    : BatchView<Value> & MultiBatchView<Value>;
