import { groupRuleCases, narrowRules } from '../_helpers/contract/group-rule-cases.ts';
import { testOnOwnKafka } from '../_helpers/servers/services.ts';

const properties = {
  'group.max.size': String(narrowRules.maxSize),
  'group.initial.rebalance.delay.ms': String(narrowRules.initialDelayMs),
};

testOnOwnKafka('a broker has these limits for groups', { properties }, async (t, { brokers }) => {
  await Promise.all(groupRuleCases.map(({ run }) => run(t, brokers)));
});
