// How long an embedded cluster takes to start and to end, alone in its process:
// `npm run bench -- embedded [--nodes N] [--rounds N]`. The first start is shown by itself, since it loads
// and compiles what the later ones find.
import { parseArgs } from 'node:util';
import { EmbeddedCluster } from '../../source/embedded/index.ts';

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '3' }, rounds: { type: 'string', default: '30' } },
});
const brokers = Number(values.nodes);

async function measured<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly took: Measured }> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, took: { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 } };
}

function shown(what: string, took: readonly Measured[]): void {
  const middle = (values: readonly number[]) =>
    (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN).toFixed(1);
  const wall = middle(took.map(({ wallMs }) => wallMs));
  const cpu = middle(took.map(({ cpuMs }) => cpuMs));
  console.log(`${what.padEnd(28)} ${wall.padStart(7)} ms, CPU ${cpu} ms`);
}

const starts: Measured[] = [];
const ends: Measured[] = [];
for (let round = 0; round <= Number(values.rounds); round++) {
  const { result: cluster, took } = await measured(() => EmbeddedCluster.start({ brokers }));
  const end = await measured(() => cluster.close());
  if (round === 0) shown(`first start of ${brokers} nodes`, [took]);
  else {
    starts.push(took);
    ends.push(end.took);
  }
}
shown('later starts, the median', starts);
shown('ends, the median', ends);
