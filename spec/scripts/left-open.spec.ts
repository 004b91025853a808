import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { runNode } from '../_helpers/child-process.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';

test('a spec file that leaves something open fails, with its name and what is open', async (t) => {
  const folder = await temporaryFolder(t, {
    'package.json': JSON.stringify({
      type: 'module',
      ava: {
        files: ['*.spec.js'],
        require: [join(repositoryRoot, 'dist/spec/_helpers/left-open.js')],
        timeout: '1m',
      },
    }),
    'open.spec.js': [
      "import { createServer } from 'node:net';",
      "import test from 'ava';",
      "test('passes', (t) => { createServer().listen(0); t.pass(); });",
    ].join('\n'),
    'closed.spec.js': "import test from 'ava'; test('passes', (t) => { t.pass(); });",
  });
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  const { code, output } = await runNode(
    [join(repositoryRoot, 'node_modules/ava/entrypoints/cli.mjs'), '--tap'],
    { cwd: folder, env: { KASPER_LEFT_OPEN_MS: '500' } },
  );
  t.is(code, 1, output);
  t.regex(
    output,
    /The specs of \S+open\.spec\.js are over, and 0\.5 s later this is still open: .*TCPServerWrap/,
  );
  t.notRegex(output, /closed\.spec\.js are over/);
});
