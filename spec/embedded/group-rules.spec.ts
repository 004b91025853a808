import test from 'ava';
import { EmbeddedCluster } from '../../source/embedded/index.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { groupRuleCases, narrowRules } from '../_helpers/contract/group-rule-cases.ts';
import { newGroup } from '../_helpers/raw/raw-cluster.ts';
import { join } from '../_helpers/raw/raw-group.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

for (const { title, run } of groupRuleCases)
  test(title, async (t) => {
    const cluster = await startEmbedded(t, { groups: narrowRules });
    await run(t, cluster.brokers);
  });

test('sessions have the limits that were given', async (t) => {
  const groups = { minSessionTimeoutMs: 6_000, maxSessionTimeoutMs: 7_000 };
  const { brokers } = await startEmbedded(t, { groups });
  const { groupId, connect } = await newGroup(t, brokers);
  const client = await connect();
  const codes: number[] = [];
  for (const sessionTimeoutMs of [5_999, 6_000, 7_000, 7_001])
    codes.push((await join(client, groupId, { sessionTimeoutMs })).code);
  t.deepEqual(codes, [26, 79, 79, 26]);
});

test('wrong rules are named', async (t) => {
  const wrong = [
    [{ maxSize: 0 }, 'groups.maxSize must be a whole number from 1 to 2147483647, got 0'],
    [{ initialDelayMs: '3s' }, "groups.initialDelayMs must be a whole number from 0 to 2147483647, got '3s'"],
    [{ maxsize: 1 }, "unknown option of groups 'maxsize'; did you mean 'maxSize'?"],
    [{ minSessionTimeoutMs: 9, maxSessionTimeoutMs: 8 }, 'groups.minSessionTimeoutMs 9 must not be above'],
    [[], 'groups must be an object such as { maxSize: 4 }, not '],
  ] as const;
  for (const [groups, text] of wrong) {
    const error = await t.throwsAsync(EmbeddedCluster.start({ groups } as never), {
      instanceOf: ConfigError,
    });
    t.true(error.message.includes(text), error.message);
  }
});
