#!/usr/bin/env node
import { ExpectedExit } from './terminal/expected-exit.ts';
import { processIo } from './terminal/io.ts';
import { main } from './main.ts';

const end = new ExpectedExit(process.stderr);
const io = processIo((code) => end.exit(code));
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has gone, as with `| head -1`. What runs continues: a job must not stop because of
    // that.
    if (error.code !== 'EPIPE') throw error;
  });
}
const exitCode = await main(process.argv.slice(2), io);
end.expect(exitCode);
// A job may leave connections open, and a process function that hangs cannot be stopped: neither
// may keep the command from exiting. What was written is handed to the system first.
await Promise.all(
  [io.stdout, io.stderr].map((stream) => new Promise((written) => stream.write('', written))),
);
io.exit(exitCode);
