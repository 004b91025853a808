import test from 'ava';
import { workerExecArgv } from '../../../source/cli/workers/young-generation.ts';

test('a worker has the options of Node of its command, and a larger young generation', (t) => {
  t.deepEqual(workerExecArgv([], {}), ['--max-semi-space-size=64']);
  t.deepEqual(workerExecArgv(['--enable-source-maps'], { NODE_OPTIONS: '--no-warnings' }), [
    '--enable-source-maps',
    '--max-semi-space-size=64',
  ]);
});

test('a size of the young generation that was chosen is left', (t) => {
  t.deepEqual(workerExecArgv(['--max-semi-space-size=8'], {}), ['--max-semi-space-size=8']);
  t.deepEqual(workerExecArgv(['--max_semi_space_size', '8'], {}), ['--max_semi_space_size', '8']);
  t.deepEqual(workerExecArgv([], { NODE_OPTIONS: '--no-warnings  --max-semi-space-size=8' }), []);
});
