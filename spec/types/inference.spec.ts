import test from 'ava';
import {
  defineJob,
  eachMessage,
  TopicProcessor,
  type MessageProcessor,
  type Middleware,
} from '../../source/index.ts';
import { MapStore, MultiMapStore, type MultiStore, type Store } from '../../stores/index.ts';
import { sameType } from './same-type.ts';

const base = {
  topicProcessorName: 'types',
  client: { brokers: ['localhost:1'] },
  inputTopics: ['t'],
  inputPartitions: [0],
};

test('the stores of the options are the stores of the context, by name and type', (t) => {
  const processor = new TopicProcessor(
    { ...base, stores: { counts: new MapStore(), tenants: { store: new MultiMapStore(), flush: true } } },
    {
      process(_messages, _sender, { stores }) {
        const { counts, tenants } = stores;
        sameType<typeof counts, MapStore>(true);
        sameType<typeof tenants, MultiMapStore>(true);
        return Promise.all([counts.flush(), tenants.flush()]).then(() => undefined);
      },
    },
  );
  t.is(processor.state, 'new');
});

test('a job infers its stores', (t) => {
  const job = defineJob({
    topicProcessorName: 'types',
    inputTopics: ['t'],
    stores: { counts: new MapStore() },
    processor: {
      async process(messages, sender, { stores }) {
        const found = await stores.counts.getAll(messages.map(({ keyText }) => keyText ?? ''));
        sender.send({ topic: 'out', value: String(found.size) });
      },
    },
  });
  t.is(job.topicProcessorName, 'types');
});

test('a processor and middleware written for any stores fit', (t) => {
  const processor: MessageProcessor = { process: () => undefined };
  const middleware: Middleware = (next) => next;
  const loose = new TopicProcessor({ ...base, middleware: [middleware] }, processor);
  const each = new TopicProcessor(
    base,
    eachMessage(() => undefined),
  );
  t.deepEqual([loose.state, each.state], ['new', 'new']);
});

test('a processor that declares its stores must be given them', (t) => {
  const processor: MessageProcessor<{ counts: Store; tenants: MultiStore }> = { process: () => undefined };
  const fits = new TopicProcessor(
    { ...base, stores: { counts: new MapStore(), tenants: new MultiMapStore() } },
    processor,
  );
  t.is(fits.state, 'new');
});
