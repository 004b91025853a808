import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { show } from '../../kernel/shown-value.ts';
import { brokerSettingByName } from './broker-settings.ts';
import { valueProblem } from './check-value.ts';
import type { Refusal } from './refusal.ts';
import { topicSettingByName, topicSettings } from './topic-settings.ts';

/** How long all settings of a topic or broker may be together, with their names. A broker has no limit. */
const MAX_LENGTH = 16_384;

/** The first problem of a topic's own values, in a broker's order. */
export function topicConfigProblem(given: ReadonlyMap<string, unknown>): Refusal | undefined {
  const message = topicProblem(given);
  return message === undefined ? lengthProblem(given) : { code: ErrorCodes.INVALID_CONFIG, message };
}

/** Settings are kept, and any client may change them. */
function lengthProblem(given: ReadonlyMap<string, unknown>): Refusal | undefined {
  let length = 0;
  for (const [name, value] of given) length += name.length + String(value).length;
  return length > MAX_LENGTH
    ? {
        code: ErrorCodes.POLICY_VIOLATION,
        message: `The settings of a topic or broker may have ${MAX_LENGTH} characters together, not ${length}.`,
      }
    : undefined;
}

function topicProblem(given: ReadonlyMap<string, unknown>): string | undefined {
  const names = [...given.keys()];
  const empty = names.filter((name) => given.get(name) === null);
  if (empty.length > 0) return `Null value not supported for topic configs: ${empty.join(',')}`;
  const unknown = names.sort().find((name) => !topicSettingByName.has(name));
  if (unknown !== undefined) return `Unknown topic config name: ${unknown}`;
  for (const setting of topicSettings) {
    const value = given.get(setting.name);
    if (value === undefined) continue;
    // From a program, which has no wire between that carries nothing but texts.
    if (typeof value !== 'string') return `Value of ${setting.name} must be a text, not ${show(value)}`;
    const problem = valueProblem(setting, value);
    if (problem !== undefined) return problem;
  }
  return together(given);
}

/** What cannot be with one another, or here. */
function together(given: ReadonlyMap<string, unknown>): string | undefined {
  if (String(given.get('remote.storage.enable')).trim().toLowerCase() === 'true') {
    return 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.';
  }
  const value = (name: string) => Number(given.get(name) ?? topicSettingByName.get(name)?.byDefault);
  const min = value('min.compaction.lag.ms');
  const max = value('max.compaction.lag.ms');
  return min > max
    ? `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`
    : undefined;
}

const IN_SYNC = 'min.insync.replicas';

/**
 * The first problem of what is to be changed for one broker or for all, in a broker's order. Names
 * that no broker knows are taken: a plugin may know them.
 *
 * @param before what was changed already
 */
export function brokerConfigProblem(
  given: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  { isOfAll }: { readonly isOfAll: boolean },
): Refusal | undefined {
  const refused = (message: string): Refusal => ({ code: ErrorCodes.INVALID_REQUEST, message });
  const changed = [...given.keys()].filter((name) => given.get(name) !== before.get(name));
  const fixed = changed.filter((name) => brokerSettingByName.get(name)?.scope === 'read-only');
  if (fixed.length > 0) return refused(`Cannot update these configs dynamically: Set(${fixed.join(', ')})`);
  const single = changed.filter((name) => brokerSettingByName.get(name)?.scope === 'broker');
  if (isOfAll && single.length > 0) {
    return refused(
      `Cannot update these configs at default cluster level, broker id must be specified: Set(${single.join(', ')})`,
    );
  }
  for (const name of changed) {
    const setting = brokerSettingByName.get(name);
    const problem = setting === undefined ? undefined : valueProblem(setting, given.get(name) ?? '');
    if (problem !== undefined) return refused(problem);
  }
  return inSyncProblem(given, before, isOfAll) ?? lengthProblem(given);
}

/** All brokers must have the same number, or replicas that may lead could not be told. */
function inSyncProblem(
  given: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  isOfAll: boolean,
): Refusal | undefined {
  const refused = (message: string): Refusal => ({ code: ErrorCodes.INVALID_CONFIG, message });
  if (isOfAll && before.has(IN_SYNC) && !given.has(IN_SYNC)) {
    return refused(`Cluster-level ${IN_SYNC} cannot be removed while ELR is enabled.`);
  }
  return !isOfAll && given.has(IN_SYNC)
    ? refused(`Broker-level ${IN_SYNC} cannot be altered while ELR is enabled.`)
    : undefined;
}
