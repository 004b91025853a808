import { exitCodes } from './exit-codes.ts';
import { writeText, type Output } from './io.ts';

/**
 * Tells an exit that the command asked for from one that somebody else did, such as a job that
 * calls `process.exit(0)`: that must not look as if all were done.
 */
export class ExpectedExit {
  /** Undefined until the command has ended. */
  #code: number | undefined;

  /** @param stderr where an exit is reported that the command did not ask for */
  constructor(stderr: Output) {
    process.on('exit', (code) => {
      if (this.#code !== undefined) {
        // The job may have called process.exit meanwhile.
        process.exitCode = this.#code;
        return;
      }
      // A bar that was not stopped has hidden it.
      if (stderr.isTTY === true) stderr.write('\u001B[?25h\n');
      const { stack = '' } = new Error('An exit');
      // Node.js itself ends the process, and says why.
      if (code !== 0 && !stack.split('\n').some(isExit)) return;
      writeText(stderr, `${foreignExitText(code, stack)}\n`);
      process.exitCode = exitCodes.failed.code;
    });
  }

  /** From now on the process exits with this code, whoever ends it. */
  expect(code: number): void {
    this.#code = code;
  }

  /** Exits with this code. */
  exit(code: number): never {
    this.expect(code);
    process.exit(code);
  }
}

/** @param stack of a listener of the process's `exit` */
function foreignExitText(code: number, stack: string): string {
  const frames = stack.split('\n');
  const caller = frames.slice(frames.findIndex(isExit) + 1).find((frame) => !frame.includes('node:'));
  const where = caller === undefined ? '' : ` ${caller.trim()}`;
  return (
    `error: process.exit(${code}) was called${where}, before kasper had ended. ` +
    'What was not committed is reprocessed at the next start. ' +
    'A job must not call process.exit: let it throw an error, which ends the run, or call context.stop()'
  );
}

function isExit(frame: string): boolean {
  return /^\s+at (?:process\.)?exit \(node:/.test(frame);
}
