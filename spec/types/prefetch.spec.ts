import test from 'ava';
import { defineJob, eachMessage, json, prefetch, TopicProcessor } from '../../source/index.ts';
import { MapStore, MultiMapStore, withCodec } from '../../stores/index.ts';
import { sameType } from './same-type.ts';

interface Count {
  readonly n: number;
}
const single = () => withCodec(new MapStore(), json<Count>());
const multi = () => withCodec(new MultiMapStore(), json<Count>());
const base = { topicProcessorName: 'types', inputTopics: ['t'] };
const run = { client: { brokers: ['localhost:1'] }, inputPartitions: [0] };

// What is compiled here is the assertion: nothing of it has an annotation.

test('a job whose stores are a function picks one for prefetch', (t) => {
  const job = defineJob({
    ...base,
    stores: (stores) => ({ counts: withCodec(stores.store('counts'), json<Count>()) }),
    processor: prefetch(
      ({ counts }) => counts,
      ({ keyText }) => keyText,
      (messages, _sender, view) => {
        for (const { keyText } of messages)
          if (keyText !== null) view.set(keyText, { n: (view.get(keyText)?.n ?? 0) + 1 });
      },
    ),
  });
  t.is(typeof job.stores, 'function');
});

test('and one of many tenants', (t) => {
  const job = defineJob({
    ...base,
    stores: (stores) => ({ counts: withCodec(stores.multiStore('counts'), json<Count>()) }),
    processor: prefetch(
      ({ counts }) => counts,
      ({ keyText, topic }) => (keyText === null ? null : { tenant: topic, key: keyText }),
      (messages, _sender, view) => {
        for (const { topic, keyText } of messages)
          if (keyText !== null) view.set(topic, keyText, { n: (view.get(topic, keyText)?.n ?? 0) + 1 });
      },
    ),
  });
  t.is(typeof job.stores, 'function');
});

test('a job whose stores are an object picks one for prefetch', (t) => {
  const job = defineJob({
    ...base,
    stores: { counts: single() },
    processor: prefetch(
      ({ counts }) => counts,
      ({ keyText }) => keyText,
      (_messages, _sender, view) => {
        view.set('a', { n: (view.get('a')?.n ?? 0) + 1 });
      },
    ),
  });
  t.is(typeof job.stores, 'object');
});

test('the type of the values may be given', (t) => {
  const job = defineJob({
    ...base,
    stores: (stores) => ({ counts: withCodec(stores.store('counts'), json<Count>()) }),
    processor: prefetch<Count>(
      ({ counts }) => counts,
      ({ keyText }) => keyText,
      (_messages, _sender, view) => {
        const _found = view.get('a');
        sameType<typeof _found, Count | undefined>(true);
      },
    ),
  });
  t.is(typeof job.stores, 'function');
});

test('eachMessage and process have the stores of a job whose stores are a function', (t) => {
  const stores = { ...base, stores: () => ({ counts: single() }) };
  const each = defineJob({
    ...stores,
    processor: eachMessage(async ({ keyText }, _sender, context) => {
      await context.stores.counts.put(keyText ?? '', { n: 1 });
    }),
  });
  const plain = defineJob({
    ...base,
    stores: (named) => ({ counts: withCodec(named.store('counts'), json<Count>()) }),
    processor: {
      async process(_messages, _sender, context) {
        const _found = await context.stores.counts.get('a');
        sameType<typeof _found, Count | undefined>(true);
      },
    },
  });
  t.deepEqual([typeof each.stores, typeof plain.stores], ['function', 'function']);
});

test('in the constructor all is inferred, of either kind of store', (t) => {
  const one = new TopicProcessor(
    { ...base, ...run, stores: { counts: single() } },
    prefetch(
      ({ counts }) => counts,
      ({ keyText }) => keyText,
      (_messages, _sender, view, { stores: _stores }) => {
        const _found = view.get('a');
        sameType<typeof _found, Count | undefined>(true);
        sameType<keyof typeof _stores, 'counts'>(true);
      },
    ),
  );
  const many = new TopicProcessor(
    { ...base, ...run, stores: { counts: multi() } },
    prefetch(
      ({ counts }) => counts,
      ({ keyText }) => [{ tenant: 'a', key: keyText ?? '' }],
      (_messages, _sender, view) => {
        const _found = view.get('a', 'b');
        sameType<typeof _found, Count | undefined>(true);
      },
    ),
  );
  t.deepEqual([one.state, many.state], ['new', 'new']);
});

test('a store that is handed over gives its type', (t) => {
  const one = prefetch(
    single(),
    ({ keyText }) => (keyText === null ? [] : [keyText]),
    (_messages, _sender, view) => {
      const _found = view.get('a');
      sameType<typeof _found, Count | undefined>(true);
    },
  );
  const many = prefetch(
    multi(),
    () => ({ tenant: 'a', key: 'b' }),
    (_messages, _sender, view) => {
      const _found = view.get('a', 'b');
      sameType<typeof _found, Count | undefined>(true);
    },
  );
  t.deepEqual([typeof one.process, typeof many.process], ['function', 'function']);
});

test('what does not fit is refused by the types', (t) => {
  const refused = () => {
    const keysOf = () => 'a';
    const nothing = () => undefined;
    // @ts-expect-error keys of tenants are for a MultiStore
    prefetch(single(), () => ({ tenant: 'a', key: 'b' }), nothing);
    // @ts-expect-error a MultiStore needs the tenant of each key
    prefetch(multi(), keysOf, nothing);
    // @ts-expect-error a key is text
    prefetch(single(), () => 5, nothing);
    prefetch(single(), keysOf, (_messages, _sender, view) => {
      // @ts-expect-error a value of another type
      view.set('a', 5);
    });
    new TopicProcessor(
      { ...base, ...run, stores: { counts: single() } },
      // @ts-expect-error there is no such store
      prefetch(({ sums }) => sums, keysOf, nothing),
    );
  };
  t.is(typeof refused, 'function');
});
