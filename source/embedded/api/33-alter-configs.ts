import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { RequestSummary } from '../request-summary.ts';
import { alterConfigs } from './alter-configs.ts';
import type { ConfigChange, ResourceChange } from './alter-configs.ts';

interface AlterConfigsRequest extends RequestSummary {
  readonly resources: readonly ResourceChange[];
  readonly validateOnly: boolean;
}

/**
 * Replaces all values of a topic or broker.
 *
 * @see https://kafka.apache.org/protocol#The_Messages_AlterConfigs
 */
export const alterAllConfigs = defineApi<AlterConfigsRequest>({
  key: 33,
  name: 'AlterConfigs',
  min: 0,
  max: 1,
  // A topic's settings are checked together.
  maxItems: 10_000,
  read: (reader) => ({
    resources: reader.array((): ResourceChange => ({
      type: reader.int8(),
      name: reader.string(),
      changes: reader.array((): ConfigChange => ({
        name: reader.string(),
        value: reader.nullableString(),
        isRemoval: false,
      })),
    })),
    validateOnly: reader.boolean(),
  }),
  async handle(request, context): Promise<Outcome> {
    const apply = (changes: readonly ConfigChange[]) =>
      new Map(changes.map(({ name, value }) => [name, value ?? '']));
    await alterConfigs({ ...request, apply }, context);
    return 'answer';
  },
});
