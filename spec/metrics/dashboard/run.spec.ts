import { TopicProcessor } from '../../../source/topic-processor.ts';
import { forbidFaults, shows, testInBrowser, tile } from '../../_helpers/servers/dashboard.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../../_helpers/servers/embedded.ts';
import { monitorServer } from '../../_helpers/jobs/monitored.ts';

testInBrowser(
  'a run is watched from its first record to its failure, and then the one that takes its place',
  async (t, browser) => {
    const cluster = await startEmbedded(t);
    const kafka = kafkajsOn(cluster);
    const [name, input, output] = [uniqueName('watched'), uniqueName('in'), uniqueName('out')];
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    t.teardown(() => Promise.all([admin.disconnect(), producer.disconnect()]));
    await admin.createTopics({ topics: [input, output].map((topic) => ({ topic, numPartitions: 3 })) });
    const write = (values: readonly string[]) =>
      producer.send({
        topic: input,
        messages: values.map((value, index) => ({ value, partition: index % 3 })),
      });

    const monitor = monitorServer(t);
    await monitor.listen();
    const make = (poison: string) => {
      const processor = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: cluster.brokers },
          inputTopics: [input],
          inputPartitions: [0, 1, 2],
          batchWaitMs: 20,
          claims: false,
          monitor,
        },
        {
          process(messages, sender) {
            for (const { valueText } of messages) {
              if (valueText === poison) throw new Error('<b>poison</b>');
              sender.send({ topic: output, value: valueText });
            }
          },
        },
      );
      t.teardown(() => processor.close().catch(() => undefined));
      return processor;
    };

    const context = await browser.newContext();
    t.teardown(() => context.close());
    const page = await context.newPage();
    forbidFaults(t, page);
    await page.goto(`${monitor.url}/`);
    await shows(page.locator('#name'), 'No processor yet');

    const first = make('poison');
    const ended = first.runLoop().catch((error: unknown) => error);
    await shows(page.locator('#name'), name);
    await shows(page.locator('#state'), 'running');
    await shows(page.locator('#partition-count'), '3 partitions');
    await write(Array.from({ length: 300 }, (_, index) => `value ${index}`));
    await shows(tile(page, 'Records in'), /^Records in [\d.,]+\/s 300 in this run$/);
    await shows(tile(page, 'Records out'), / 300 in this run$/);
    await shows(tile(page, 'Lag'), 'Lag 0 all partitions caught up');
    await shows(
      page.locator('#partition-rows tr').nth(1),
      new RegExp(`^${input} 1 ${name} idle 0 .* 100 100 100 \\d+ `),
    );

    await write(['poison']);
    await shows(page.locator('#problems'), /The run has failed .*<b>poison<\/b>/);
    await shows(
      page.locator('#error-list li').first(),
      /^\d\d:\d\d:\d\d PROCESS .*offsets 100 to 100.*<b>poison<\/b>$/,
    );
    t.true((await ended) instanceof Error);

    const second = make('');
    const endedToo = second.runLoop();
    await shows(page.locator('#state'), 'running');
    await shows(tile(page, 'Records in'), /^Records in [\d.,]+\/s 1 in this run$/);
    t.true(await page.locator('#problems').isHidden());
    await second.close();
    await endedToo;
    await shows(page.locator('#name'), 'No processor yet');
  },
);
