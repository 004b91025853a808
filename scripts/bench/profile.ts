// Where the time of a CPU profile went: `npm run bench -- profile FILE.cpuprofile…`. A profile is
// what `node --cpu-prof` writes when it ends.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { selfTimes, type CpuProfile } from './self-times.ts';

const MOST_LINES = 25;

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('npm run bench -- profile FILE.cpuprofile…');
  process.exitCode = 1;
}
for (const file of files) {
  const { seconds, functions } = selfTimes(JSON.parse(await readFile(file, 'utf8')) as CpuProfile);
  console.log(`\n${basename(file)}: ${seconds.toFixed(2)} s`);
  for (const { name, share } of functions.slice(0, MOST_LINES))
    console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
}
