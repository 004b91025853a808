import { Item } from './item.ts';

/** What a call is for. All lists have the length of `keys`. */
export interface CallLists<Place> {
  /** No key of a tenant occurs twice. */
  readonly keys: readonly string[];
  /** Where they are: one place for all of them, or one for each. */
  readonly place: Place | undefined;
  readonly places?: readonly Place[] | undefined;
  /** Whose they are; undefined for those of a Store that belongs to no tenant. */
  readonly tenant?: string | undefined;
  readonly tenants?: readonly string[] | undefined;
  /** What is to be written. */
  readonly values?: readonly Buffer[] | undefined;
}

/**
 * The keys of a call, and what became of them. As long as all have the same end, none has an object
 * of its own: a call may have ten thousand of them, which would live until its answer comes.
 */
export class CallKeys<Place> {
  readonly lists: CallLists<Place>;
  #items: readonly Item<Place>[] | undefined;
  #found: readonly (Buffer | undefined)[] | undefined;
  #isDone = false;

  constructor(lists: CallLists<Place>, items?: readonly Item<Place>[]) {
    this.lists = lists;
    this.#items = items;
  }

  /** Some items of a call, of which all have values or none has. */
  static of<Place>(items: readonly Item<Place>[]): CallKeys<Place> {
    const values: Buffer[] = [];
    for (const { value } of items) if (value !== undefined) values.push(value);
    return new CallKeys(
      {
        keys: items.map(({ key }) => key),
        place: undefined,
        places: items.map(({ place }) => place),
        values: values.length === 0 ? undefined : values,
      },
      items,
    );
  }

  get length(): number {
    return this.lists.keys.length;
  }

  /** Whether all were written, removed, or read by one answer. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Each key with what became of it. */
  get items(): readonly Item<Place>[] {
    if (this.#items === undefined) {
      const { keys, tenant, tenants, values } = this.lists;
      this.#items = keys.map(
        (key, at) => new Item(key, this.placeAt(at), tenants?.[at] ?? tenant, values?.[at]),
      );
    }
    return this.#items;
  }

  /** The values that were found, in the order of the keys. */
  get found(): readonly (Buffer | undefined)[] {
    return this.#found ?? this.items.map(({ found }) => found);
  }

  placeAt(at: number): Place {
    const { place, places } = this.lists;
    return places === undefined ? (place as Place) : (places[at] as Place);
  }

  /** One answer was for all of them. */
  done(found?: readonly (Buffer | undefined)[]): void {
    this.#isDone = true;
    this.#found = found;
    // They are also items of the call of which these are a part.
    for (const [at, item] of (this.#items ?? []).entries()) {
      item.isDone = true;
      item.found = found?.[at];
    }
  }
}
