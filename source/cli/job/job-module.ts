import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { TopicProcessor, type Job } from '../../index.ts';
import { isObject } from '../../kernel/is-object.ts';
import {
  defaultExport,
  fileError,
  importFile,
  thrownAtImport,
  type ImportPlace,
} from '../settings/module-file.ts';
import type { Io } from '../terminal/io.ts';

const FORM =
  "write `export default defineJob({ topicProcessorName, inputTopics, processor, … })`, from 'kasper-ts'";

/**
 * Imports a job file and checks that it exports a job.
 *
 * @throws ConfigError that names the file, what is wrong with it and how it should be; what the
 * file itself threw is the cause. TimeoutError if its import does not end
 */
export async function loadJob(file: string, io: Pick<Io, 'cwd'> & ImportPlace): Promise<Job> {
  const path = resolve(io.cwd, file);
  checkFile(file, path);
  const module = await importFile(file, path, { ...io, whyNot: whyNotImported });
  const exported = defaultExport(module);
  if (exported === undefined) {
    const names = Object.keys(module).filter((name) => name !== 'default');
    const others = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
    throw fileError(file, `there is no default export (${others}); ${FORM}`);
  }
  return checkJob(file, exported);
}

function checkFile(file: string, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw fileError(file, `there is no such file (looked for ${path})`);
  if (found.isDirectory()) throw fileError(file, 'this is a folder; name the job file in it');
}

function whyNotImported(error: unknown): string {
  if (!(error instanceof Error)) return thrownAtImport(error);
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return (
        `Node.js ${process.versions.node} cannot load it: ${error.message}. TypeScript is loaded by Node.js 22.18 or later; ` +
        'with this one compile the job first (tsc), or run kasper under a loader such as tsx: ' +
        'NODE_OPTIONS="--import tsx" kasper run …'
      );
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `Node.js only removes types: ${error.message}. Write it without enums, namespaces and parameter properties, or compile it first (tsc)`;
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return `${error.message}. Install the package, or fix the path in the import (with its extension)`;
    default:
      return thrownAtImport(error);
  }
}

function checkJob(file: string, job: unknown): Job {
  if (job instanceof TopicProcessor)
    throw fileError(file, `the default export is a TopicProcessor, which kasper makes itself; ${FORM}`);
  if (job instanceof Promise)
    throw fileError(file, `the default export is a promise; await it: \`export default await …\``);
  if (!isObject(job)) throw fileError(file, `the default export is ${kindOf(job)}, not a job; ${FORM}`);
  if (job['processor'] === undefined) {
    const names = Object.keys(job).join(', ') || 'nothing';
    throw fileError(
      file,
      `the job has no processor (it has ${names}); give an object with process(messages, sender, context), or eachMessage(…)`,
    );
  }
  return job as unknown as Job;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value}`;
}
