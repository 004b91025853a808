import type { Command } from 'commander';

/**
 * Has a command with commands below it refuse the help for one that does not exist, as it refuses
 * to run it: commander would print the help of the group.
 */
export function refuseUnknownHelp(group: Command): void {
  if (group.commands.length === 0) return;
  group.on('beforeHelp', () => {
    const name = group.args.find((each) => each !== 'help' && !each.startsWith('-'));
    if (name === undefined || group.commands.some((each) => each.name() === name)) return;
    // Without the flag commander refuses it, in the same words as ever.
    group.parse([name], { from: 'user' });
  });
  for (const each of group.commands) refuseUnknownHelp(each);
}
