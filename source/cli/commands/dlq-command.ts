import type { Command } from 'commander';
import type { Io } from '../terminal/io.ts';
import { addDlqPurgeCommand } from './dlq-purge.ts';
import { addDlqReplayCommand } from './dlq-replay.ts';
import { addDlqShowCommand } from './dlq-show.ts';

/** `kasper dlq show|replay|purge` */
export function addDlqCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('dlq')
    .summary('show, replay or delete dead letters')
    .description(
      'Shows, replays or deletes the records of a dead-letter topic, as the middleware deadLetter writes them.',
    );
  addDlqShowCommand(command, io, done);
  addDlqReplayCommand(command, io, done);
  addDlqPurgeCommand(command, io, done);
}
