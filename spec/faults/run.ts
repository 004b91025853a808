// The campaign of faults: `npm run faults -- --seed n --minutes m`.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { Random } from '../_helpers/schedules/random.ts';
import { Campaign } from './campaign.ts';
import { faults } from './fault-list.ts';
import { workloads } from './workload-list.ts';
import { startServers, World } from './world.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      minutes: { type: 'string', default: '1' },
      workload: { type: 'string', default: 'copy' },
      fault: { type: 'string', default: 'kill' },
      build: { type: 'string', default: join(repositoryRoot, 'dist') },
    },
  });
  const seed = Number(values.seed);
  const until = performance.now() + Number(values.minutes) * 60_000;
  const random = new Random(seed);
  const chosen = workloads.filter(({ name }) => values.workload.split(',').includes(name));
  const kinds = faults.filter(({ name }) => values.fault.split(',').includes(name));
  console.log(`seed ${seed}`);
  const servers = await startServers({
    nodes: kinds.some(({ needs }) => needs.includes('three-nodes')) ? 3 : 1,
    redis: chosen.some(({ services }) => services.includes('redis')),
    elasticsearch: chosen.some(({ services }) => services.includes('elasticsearch')),
  });
  let failed = 0;
  try {
    for (const workload of chosen) {
      const world = await World.start({
        servers,
        workload,
        seed,
        rate: 1_200,
        workers: 2,
        build: values.build,
      });
      const campaign = new Campaign(world);
      do {
        const fault = kinds[random.between(0, kinds.length - 1)];
        if (fault === undefined) throw new Error(`There is no fault ${values.fault}`);
        const { mark, progressMs, plan } = await campaign.play(fault, fault.plan(random));
        console.log(
          `${fault.name} ${JSON.stringify(plan)}: ${mark ?? 'no mark'}; progress after ${progressMs} ms`,
        );
      } while (performance.now() < until);
      const { run, violations } = await campaign.finish();
      console.log(
        `${workload.name}: ${run.input.total} records, ${run.faults.length} faults, ${violations.length} violations`,
      );
      for (const { invariant, text } of violations) console.log(`  ${invariant}: ${text}`);
      failed += violations.length;
    }
  } finally {
    await servers.stop();
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
