import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';
import { Random } from '../_helpers/schedules/random.ts';
import { faults } from './fault-list.ts';
import { Journal } from './journal.ts';
import { Plan } from './plan.ts';

test('what a journal says is what was decided, and nothing that was only seen', async (t) => {
  const journal = new Journal(join(await temporaryFolder(t, {}), 'journal'));
  const plan = new Plan(new Random(4), faults, 'mixed');
  const rounds = [1, 2].map((seed) => ({
    workload: 'copy',
    seed,
    nodes: 1 as const,
    cycles: Array.from({ length: 5 }, () => plan.next(() => true)),
  }));
  for (const { workload, seed, nodes, cycles } of rounds) {
    journal.write({ at: 'round', workload, seed, nodes });
    for (const cycle of cycles) {
      journal.writeCycle(cycle);
      journal.write({ at: 'seen', fault: 'kill', mark: 'it was felt', progressMs: 12 });
    }
    journal.write({ at: 'violation', invariant: 'no-loss', text: 'one' });
  }
  t.deepEqual(
    Journal.read(journal.file, faults).map(({ workload, seed, nodes, cycles }) => ({
      workload,
      seed,
      nodes,
      cycles,
    })),
    rounds,
  );
});

test('a journal of a fault that there is none of is an error that names it', async (t) => {
  const journal = new Journal(join(await temporaryFolder(t, {}), 'journal'));
  journal.write({ at: 'round', workload: 'copy', seed: 1, nodes: 1 });
  journal.write({ at: 'cycle', faults: [{ name: 'flood', plan: { lastsMs: 1 }, afterMs: 0 }] });
  t.throws(() => Journal.read(journal.file, faults), { message: /there is no fault flood/ });
  appendFileSync(journal.file, 'no JSON\n');
  t.throws(() => Journal.read(journal.file, []));
});
