import { Command, CommanderError, type Option } from 'commander';
import { LifecycleError } from '../index.ts';
import { packageVersion } from '../kernel/package-version.ts';
import { addBrokerCommand } from './commands/broker-command.ts';
import { addConfigCommand } from './commands/config-command.ts';
import { addDlqCommand } from './commands/dlq-command.ts';
import { failureText } from './terminal/error-text.ts';
import { exitCodeHelp, exitCodeOf, exitCodes } from './terminal/exit-codes.ts';
import { refuseUnknownHelp } from './terminal/group-help.ts';
import { helpWidth } from './terminal/help-width.ts';
import { writeText, type Io } from './terminal/io.ts';
import { unlessIdle } from './terminal/unless-idle.ts';
import { addLagCommand } from './commands/lag-command.ts';
import { addLintCommand } from './commands/lint-command.ts';
import { addOffsetsCommand } from './commands/offsets-command.ts';
import { addRunCommand } from './commands/run-command.ts';
import { applyLayers } from './settings/setting-flags.ts';
import { addTopicsCommand } from './commands/topics-command.ts';
import { addWorkerCommand } from './workers/worker-command.ts';

/**
 * The command line `kasper`.
 *
 * @param argv the arguments, without the program's name
 * @returns the exit code
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exitCodes.ok.code;
  const program = makeProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await unlessIdle(() => program.parseAsync(argv, { from: 'user' }), io, endless);
    return exitCode;
  } catch (error) {
    // Commander has printed what is wrong already; help and version exit with 0.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    writeText(io.stderr, `${failureText(error)}\n`);
    return exitCodeOf(error);
  }
}

function endless(): LifecycleError {
  return new LifecycleError(
    'kasper cannot end: it waits for a promise that nothing will settle. Look for one in the hooks, the stores and the client of the job',
  );
}

function makeProgram(io: Io, done: (exitCode: number) => void): Command {
  const program = new Command('kasper')
    .description('Batch processing of Kafka topics')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help for a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text) => {
        writeText(io.stderr, text);
      },
      getOutHelpWidth: () => helpWidth(io),
      getErrHelpWidth: () => helpWidth(io),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ optionDescription: describeOption })
    .addHelpText('after', () => `\n${exitCodeHelp(helpWidth(io))}`)
    .hook('preAction', (_program, command) => applyLayers(command, io));
  addRunCommand(program, io, done);
  addConfigCommand(program, io, done);
  addLintCommand(program, io, done);
  addLagCommand(program, io, done);
  addOffsetsCommand(program, io, done);
  addDlqCommand(program, io, done);
  addTopicsCommand(program, io, done);
  addBrokerCommand(program, io, done);
  addWorkerCommand(program, io, done);
  nameHelpAfterErrors(program, 'kasper');
  refuseUnknownHelp(program);
  return program;
}

/** After an error each command names its own help. */
function nameHelpAfterErrors(command: Command, path: string): void {
  command.showHelpAfterError(`(see ${path} --help)`);
  for (const each of command.commands) nameHelpAfterErrors(each, `${path} ${each.name()}`);
}

/** `What it is for (one, two or three; default one)` */
function describeOption({ description, argChoices, defaultValue, defaultValueDescription }: Option): string {
  const notes: string[] = [];
  if (argChoices !== undefined) notes.push(argChoices.join(', ').replace(/, ([^,]*)$/, ' or $1'));
  if (defaultValue !== undefined || defaultValueDescription !== undefined)
    notes.push(`default ${defaultValueDescription ?? String(defaultValue)}`);
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}
