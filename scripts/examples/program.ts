import { ConnectionError, KasperError } from 'kasper-ts';
import { errorText } from '../../source/cli/error-text.ts';
import { exitCodeOf } from '../../source/cli/exit-codes.ts';
import { processIo } from '../../source/cli/io.ts';
import { Shutdown } from '../../source/cli/shutdown.ts';

/**
 * Runs a program as `kasper` runs a job: the first Ctrl-C aborts `shutdown.signal`, a second one ends the process; an error ends it with a message that
 * says what to do, and the exit code of its kind (`kasper --help` lists them).
 */
export async function runProgram(program: (shutdown: Shutdown) => Promise<void>): Promise<void> {
  const io = processIo();
  using shutdown = new Shutdown({
    io,
    say: (line) => void io.stderr.write(`${line}\n`),
    onFirst: 'Stopping: the batch in hand is finished and committed first',
  });
  try {
    await program(shutdown);
  } catch (error) {
    io.stderr.write(`${errorText(error)}\n`);
    if (KasperError.is(error) && error instanceof ConnectionError)
      io.stderr.write('Is Kafka running there? Without --brokers an embedded cluster is started.\n');
    process.exitCode = exitCodeOf(error);
  }
}
