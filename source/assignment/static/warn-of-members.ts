import type { Config } from '../../config/config.ts';
import type { KafkaClient } from '../../kafka/client.ts';
import type { Logger } from '../../kernel/logger.ts';

/** Warns of a group that has, or once had, members: that harms commits and their retention. */
export async function warnOfMembers(config: Config, client: KafkaClient, log: Logger): Promise<void> {
  const { groupId } = config;
  const { state, protocolType, members } = await client.describeGroup(groupId);
  if (members.length > 0) {
    log.warn('The group has active members, while which no offset can be committed: stop these consumers', {
      groupId,
      state,
      members: members.length,
    });
  } else if (protocolType !== '') {
    log.warn(
      'A consumer was once a member of the group: all its offsets, however new, can be deleted together when offsets.retention.minutes are over since it left. ' +
        'This happens once; a job that is running commits them again',
      { groupId, protocolType },
    );
  }
}
