import test from 'ava';
import {
  defineJob,
  eachMessage,
  TopicProcessor,
  type MessageProcessor,
  type TopicProcessorOptions,
} from '../../source/index.ts';

const options = {} as TopicProcessorOptions;
const base = { topicProcessorName: 'types', inputTopics: ['t'] };

class Counter implements MessageProcessor {
  readonly partition: number;
  constructor(partition: number) {
    this.partition = partition;
  }
  process(): void {
    // Nothing to do.
  }
}

test('what is no MessageProcessor is refused by the types too', (t) => {
  const refused = () => {
    // @ts-expect-error what everybody types first: give { process(messages, sender) { … } }
    new TopicProcessor(options, (messages, sender) => {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    });
    // @ts-expect-error the same with one parameter
    new TopicProcessor(options, (_messages) => undefined);
    // @ts-expect-error and asynchronous
    new TopicProcessor(options, async (_messages) => Promise.resolve());
    // @ts-expect-error a class: give (partition) => new Counter(partition)
    new TopicProcessor(options, Counter);
    // @ts-expect-error a MessageProcessor that is awaited first
    new TopicProcessor(options, (partition) => Promise.resolve(new Counter(partition)));
    // @ts-expect-error no process
    new TopicProcessor(options, {});
    // @ts-expect-error in a job as well
    defineJob({ ...base, processor: (_messages, _sender) => undefined });
    // @ts-expect-error a class in a job
    defineJob({ ...base, processor: Counter });
    // @ts-expect-error eachMessage takes the function itself
    eachMessage(new Counter(0));
  };
  t.is(typeof refused, 'function');
});

test('the right forms are taken', (t) => {
  const taken = () => [
    new TopicProcessor(options, {
      process(messages, sender) {
        sender.send({ topic: 'out', value: String(messages.length) });
      },
    }),
    new TopicProcessor(options, new Counter(0)),
    new TopicProcessor(options, (partition) => new Counter(partition)),
    defineJob({ ...base, processor: (partition) => new Counter(partition) }),
  ];
  t.is(typeof taken, 'function');
});
