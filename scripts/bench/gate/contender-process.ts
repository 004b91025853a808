// A contender of the gate, in a process of its own that does nothing else and stays: what is
// compiled and connected once is no part of what its jobs cost after the first. Jobs come by IPC,
// and their CPU time goes back.
import { kafkajs } from './kafkajs-contender.ts';
import { kasper } from './kasper-contender.ts';
import type { GateContender, GateJob } from './gate-job.ts';

const contenders: Readonly<Record<string, GateContender>> = { kasper, kafkajs };
const contender = contenders[process.argv[2] ?? ''];
if (contender === undefined)
  throw new Error(`Usage: node contender-process.js ${Object.keys(contenders).join('|')}`);

async function answer(job: GateJob, run: GateContender): Promise<void> {
  // What the job before left behind is not this one's.
  globalThis.gc?.();
  const before = process.cpuUsage();
  await run(job);
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / 1e6);
}

process.on('message', (job: GateJob) => {
  answer(job, contender).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on('disconnect', () => {
  process.exit(0);
});
