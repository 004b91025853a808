import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { RequestSummary } from '../request-summary.ts';
import { brokerSettingByName } from '../settings/broker-settings.ts';
import type { Refusal } from '../settings/refusal.ts';
import { listItems } from '../settings/check-value.ts';
import { topicSettingByName } from '../settings/topic-settings.ts';
import { alterConfigs } from './alter-configs.ts';
import type { ConfigChange, ResourceChange } from './alter-configs.ts';

const DELETE = 1;
/** What is done with a value, at its number in the protocol. */
const operations = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'] as const;

interface IncrementalChange extends ConfigChange {
  readonly operation: number;
}

interface IncrementalRequest extends RequestSummary {
  readonly resources: readonly ResourceChange<IncrementalChange>[];
  readonly validateOnly: boolean;
}

/**
 * Changes single values of a topic or broker.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_IncrementalAlterConfigs
 */
export const incrementalAlterConfigs = defineApi<IncrementalRequest>({
  key: 44,
  name: 'IncrementalAlterConfigs',
  min: 0,
  max: 0,
  // A topic's settings are checked together.
  maxItems: 10_000,
  read: (reader) => ({
    resources: reader.array((): ResourceChange<IncrementalChange> => ({
      type: reader.int8(),
      name: reader.string(),
      changes: reader.array((): IncrementalChange => {
        const name = reader.string();
        const operation = reader.int8();
        return { name, operation, value: reader.nullableString(), isRemoval: operation === DELETE };
      }),
    })),
    validateOnly: reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    await alterConfigs({ ...request, apply }, context);
    return 'answer';
  },
});

function apply(
  changes: readonly IncrementalChange[],
  before: ReadonlyMap<string, string>,
  byDefault: (name: string) => string,
): Map<string, string> | Refusal {
  const after = new Map(before);
  for (const { name, value, operation } of changes) {
    const kind = operations[operation];
    // A broker fails at it, without a message.
    if (kind === undefined) return { code: ErrorCodes.UNKNOWN_SERVER_ERROR, message: 'Unknown operation' };
    if (kind === 'SET') after.set(name, value ?? '');
    else if (kind === 'DELETE') after.delete(name);
    else {
      const setting = topicSettingByName.get(name) ?? brokerSettingByName.get(name);
      if (setting?.type !== 'LIST') {
        const message = `Can't ${kind} to key ${name} because its type is not LIST.`;
        return { code: ErrorCodes.INVALID_CONFIG, message };
      }
      const items = listItems(after.get(name) ?? byDefault(name));
      const wanted = new Set(listItems(value ?? ''));
      const changed =
        kind === 'APPEND' ? new Set([...items, ...wanted]) : items.filter((item) => !wanted.has(item));
      after.set(name, [...changed].join(','));
    }
  }
  return after;
}
