import test, { type ExecutionContext } from 'ava';
import { startRedis } from '../../scripts/services/redis-server.ts';
import { decode, type AirportDelays } from '../../scripts/examples/flight-delays/airport-delays.ts';
import { randomName, testOnBoth } from '../_helpers/servers/services.ts';
import { elasticsearchClient, elasticsearchOfRun, redisClient } from '../_helpers/servers/store-servers.ts';
import { flightDelays, plainLoop, startFlightDelays } from './flight-delays-run.ts';
import type { ProgramName } from '../../scripts/services/programs.ts';

interface Kind {
  readonly needs: readonly ProgramName[];
  start(): Promise<{ readonly port: number; stop(): Promise<void> }>;
  url(port: number): string;
  /** What the server itself says is there of an airport. */
  read(t: ExecutionContext, port: number, job: string, airport: string): Promise<AirportDelays>;
}

const kinds: Readonly<Record<string, Kind>> = {
  redis: {
    needs: ['redis-server'],
    start: () => startRedis(),
    url: (port) => `redis://127.0.0.1:${port}`,
    read: async (t, port, job, airport) =>
      decode((await redisClient(t, port).getBuffer(`${job}/delays/${airport}`)) ?? Buffer.from('null')),
  },
  elasticsearch: {
    needs: ['java', 'mvn'],
    start: elasticsearchOfRun,
    url: (port) => `http://127.0.0.1:${port}`,
    read: async (t, port, job, airport) => {
      const client = elasticsearchClient(t, port);
      return (await client.get<AirportDelays>({ index: `${job}-delays`, id: airport }))
        ._source as AirportDelays;
    },
  },
};

for (const [kind, { needs, start, url, read }] of Object.entries(kinds)) {
  testOnBoth(
    `--store ${kind} holds the sums of a job that is killed and goes on, and every flight is counted once`,
    async (t, cluster) => {
      const { port, stop } = await start();
      t.teardown(stop);
      const prefix = `${randomName('flights')}.`;
      const flags = ['--brokers', cluster.brokers.join(','), '--prefix', prefix];
      flags.push('--store', kind, '--store-url', url(port));
      const child = startFlightDelays(t, [...flags, '--batch-size', '200']);
      await child.until('stderr', /^ [2-9]\d%/m);
      child.kill('SIGKILL');
      await child.exited;

      const rest = await flightDelays(t, flags);
      t.is(rest.code, 0, rest.stderr);
      t.deepEqual(rest.worst, await plainLoop());
      t.regex(rest.stdout, new RegExp(`\nStore: .*127\\.0\\.0\\.1:${port}`));

      const again = await flightDelays(t, flags);
      t.regex(again.stdout, /\n0 new records/);
      t.deepEqual(again.worst, rest.worst);

      const [, code = '', flights = ''] = / ([A-Z]{3}) .* (\d+) [\d.]+$/.exec(rest.worst[0] ?? '') ?? [];
      const held = await read(t, port, `${prefix}flight-delays`, code);
      t.is(held.airport, code);
      t.is(held.flights, Number(flights));
    },
    { needs },
  );

  test(`where no ${kind} listens, the error names the flag, and the example ends with 1`, async (t) => {
    const { code, stdout, stderr } = await flightDelays(t, ['--store', kind, '--store-url', url(1)]);
    t.is(code, 1);
    t.notRegex(stdout, / Mean \(min\)/);
    t.regex(stderr, /at (redis|http):\/\/127\.0\.0\.1:1.* could not be reached: .*Check --store-url/);
  });
}
