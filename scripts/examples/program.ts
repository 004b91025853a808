import { ConnectionError } from 'kasper-ts';
import { errorText } from '../../source/cli/terminal/error-text.ts';
import { exitCodeOf } from '../../source/cli/terminal/exit-codes.ts';
import { processIo, writeText } from '../../source/cli/terminal/io.ts';
import { Progress } from '../../source/cli/terminal/progress.ts';
import { Shutdown } from '../../source/cli/terminal/shutdown.ts';

/** What a program is given. */
export interface Surroundings {
  /** Its `signal` is aborted at the first Ctrl-C. */
  readonly shutdown: Shutdown;
  /** For the bar, on standard error. */
  readonly progress: Progress;
}

/**
 * Runs a program as `kasper` runs a job: the first Ctrl-C aborts a signal, a second one ends the
 * process; an error ends it with a message that says what to do, and the exit code of its kind
 * (`kasper --help` lists them).
 */
export async function runProgram(program: (surroundings: Surroundings) => Promise<void>): Promise<void> {
  const io = processIo();
  const progress = new Progress(io.stderr);
  const onFirst = () => 'Stopping: the batch in process is finished and committed first';
  using shutdown = new Shutdown({ io, progress, onFirst });
  try {
    await program({ shutdown, progress });
  } catch (error) {
    // What the signal cut short is no failure.
    if (shutdown.requested && error === shutdown.signal.reason) return;
    writeText(io.stderr, `${errorText(error)}\n`);
    if (error instanceof ConnectionError)
      io.stderr.write('Is Kafka running there? Without --brokers an embedded cluster is started.\n');
    process.exitCode = exitCodeOf(error);
  }
}
