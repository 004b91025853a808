#!/usr/bin/env node
import { processIo } from './io.ts';
import { main } from './main.ts';

const io = processIo();
const exitCode = await main(process.argv.slice(2), io);
process.exitCode = exitCode;
// A job may leave connections open, and a process function that hangs cannot be stopped: neither may keep the command from ending. What was written
// is handed to the system first.
await Promise.all(
  [io.stdout, io.stderr].map((stream) => new Promise((written) => stream.write('', written))),
);
io.exit(exitCode);
