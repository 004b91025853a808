import { isProgramName, type ProgramName } from '../../scripts/services/programs.ts';

/**
 * The programs that an example takes, which starts a server: it has a line such as `// needs:
 * redis-server`.
 *
 * @throws Error for one whose Debian package is not known
 */
export function neededPrograms(source: string): ProgramName[] {
  const [, needs = ''] = /^\/\/ needs: (.+)$/m.exec(source) ?? [];
  return needs === '' ? [] : needs.split(' ').map(programName);
}

function programName(name: string): ProgramName {
  if (isProgramName(name)) return name;
  throw new Error(`An example needs '${name}', which scripts/services/programs.ts has no Debian package for`);
}
