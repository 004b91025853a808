/** The programs that an example takes, which starts a server: it has a line such as `// needs: redis-server`. */
export function neededPrograms(source: string): string[] {
  const [, needs = ''] = /^\/\/ needs: (.+)$/m.exec(source) ?? [];
  return needs === '' ? [] : needs.split(' ');
}
