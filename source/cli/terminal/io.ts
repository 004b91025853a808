import { wrapped } from './wrapped.ts';

/** A stream that the command line writes to. */
export type Output = NodeJS.WritableStream & {
  /** Whether a person's terminal is at the other end. */
  readonly isTTY?: boolean | undefined;
  /** Width of that terminal. */
  readonly columns?: number | undefined;
};

/**
 * All of its surroundings that the command line touches, so that it is a function of arguments and
 * this.
 */
export interface Io {
  /** For results. */
  readonly stdout: Output;
  /** For errors, log lines and progress. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** Calls back at each SIGINT and SIGTERM until the returned function is called. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void;
  /**
   * Calls the listener that was added last when nothing is left that could continue, until the
   * returned function is called: what is awaited then never settles.
   */
  onIdle: (listener: () => void) => () => void;
  /** Exits the process immediately. */
  exit(code: number): void;
}

/** Writes text for people, whose lines a terminal does not break within a word. */
export function writeText(output: Output, text: string): void {
  output.write(wrapped(text, output.columns));
}

/**
 * The surroundings of this process.
 *
 * @param exit exits it; default: `process.exit`
 */
export function processIo(exit: (code: number) => void = (code) => process.exit(code)): Io {
  const idle: (() => void)[] = [];
  process.on('beforeExit', () => idle.at(-1)?.());
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    onSignal(listener) {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener).off('SIGTERM', listener);
      };
    },
    onIdle(listener) {
      idle.push(listener);
      return () => {
        idle.splice(idle.lastIndexOf(listener), 1);
      };
    },
    exit,
  };
}
