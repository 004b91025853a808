import type { Command } from 'commander';
import type { Io } from '../terminal/io.ts';
import { addOffsetsResetCommand } from './offsets-reset.ts';
import { addOffsetsShowCommand } from './offsets-show.ts';

/** `kasper offsets show|reset` */
export function addOffsetsCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('offsets')
    .summary('show or set the committed offsets of a job')
    .description('Shows or sets the committed offsets of a job.');
  addOffsetsShowCommand(command, io, done);
  addOffsetsResetCommand(command, io, done);
}
