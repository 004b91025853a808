import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaLogCreator, openClient, type ClientInit } from '../../../../source/kafka/open-client.ts';
import { ConnectionError } from '../../../../source/kernel/errors.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { LineLogger } from '../../../_helpers/fakes/processor-run.ts';

/** What was written by `console` while `work` ran. */
async function consoleDuring(work: () => Promise<void>): Promise<unknown[][]> {
  const said: unknown[][] = [];
  const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const before = methods.map((method) => console[method]);
  for (const method of methods) console[method] = (...args: unknown[]) => said.push(args);
  try {
    await work();
  } finally {
    methods.forEach((method, at) => {
      console[method] = before[at] ?? (() => undefined);
    });
  }
  return said;
}

/** Connects and closes, and then asks where nobody answers. */
async function use(t: ExecutionContext, makeClient: (brokers: string[]) => ClientInit, logger: LineLogger) {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { in: 1 } });
  for (const brokers of [[...cluster.brokers], ['127.0.0.1:1']]) {
    const client = openClient(makeClient(brokers), { logger, retryTimeoutMs: 1000 });
    t.teardown(() => client.close());
    if (brokers[0] === '127.0.0.1:1') await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
    else await client.connect();
    await client.close();
  }
}

test.serial(
  'of a client by options, kafkajs says nothing at the console, and while none is reached its lines are for debugging',
  async (t) => {
    const log = new LineLogger();
    t.deepEqual(await consoleDuring(() => use(t, (brokers) => ({ brokers }), log)), []);
    const theirs = log.lines.filter(({ fields }) => fields?.['namespace'] !== undefined);
    t.true(theirs.some(({ message }) => message.startsWith('Connection error: connect ECONNREFUSED')));
    t.deepEqual(new Set(theirs.map(({ level }) => level)), new Set(['debug']));
    const [warning, ...others] = log.messages('warn');
    t.is(warning, 'No broker could be reached yet; gives up in 0 s');
    t.deepEqual(others, []);
  },
);

test.serial(
  'of a Kafka of the user with our logCreator, kafkajs says nothing at the console, at any level',
  async (t) => {
    const log = new LineLogger();
    const ready = (brokers: string[]) =>
      new Kafka({ brokers, logLevel: logLevel.DEBUG, logCreator: kafkaLogCreator(log) });
    t.deepEqual(await consoleDuring(() => use(t, ready, log)), []);
    const theirs = log.lines.filter(({ fields }) => fields?.['namespace'] !== undefined);
    t.deepEqual(new Set(theirs.map(({ level }) => level)), new Set(['debug', 'warn']));
    t.true(theirs.some(({ level, message }) => level === 'debug' && message === 'Connecting'));
  },
);

test.serial(
  'a Kafka of the user without our logCreator speaks at the console, as kafkajs does',
  async (t) => {
    const said = await consoleDuring(() => use(t, (brokers) => new Kafka({ brokers }), new LineLogger()));
    t.true(said.length > 0);
  },
);
