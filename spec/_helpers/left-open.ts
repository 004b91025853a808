import test, { registerCompletionHandler } from 'ava';

/** For what closes by itself a moment after the last spec. The variable is for the spec of this file. */
const LIMIT_MS = Number(process.env['KASPER_LEFT_OPEN_MS'] ?? 30_000);

/**
 * Loaded into every spec file (`require` of ava). A file whose specs and hooks are over ends when
 * nothing is open any more; ava waits for that without a word. After a while this fails the file, with
 * the kinds of what is open.
 */
registerCompletionHandler(() => {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo();
    throw new Error(
      `The specs of ${test.meta.file} are over, and ${LIMIT_MS / 1_000} s later this is still open: ${open.join(', ')}`,
    );
  }, LIMIT_MS).unref();
});
