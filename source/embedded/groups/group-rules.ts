import { show } from '../../kernel/shown-value.ts';
import { unknownName } from '../../kernel/unknown-name.ts';

/** What the settings of a broker decide for all groups. */
export interface GroupRules {
  /**
   * The shortest session of a member, in ms (`group.min.session.timeout.ms`). Default 100; a
   * broker's is 6,000.
   */
  readonly minSessionTimeoutMs: number;
  /**
   * The longest session of a member, in ms (`group.max.session.timeout.ms`). Default 1,800,000.
   */
  readonly maxSessionTimeoutMs: number;
  /** How many members a group may have (`group.max.size`). Default 5,000, so that none is slow; a broker's
   * is 2,147,483,647. */
  readonly maxSize: number;
  /**
   * For how long an empty group waits for more members when the first one joins, in ms
   * (`group.initial.rebalance.delay.ms`). Default 0; a broker's is 3,000.
   */
  readonly initialDelayMs: number;
}

const MAX = 2_147_483_647;

const defaults: GroupRules = {
  minSessionTimeoutMs: 100,
  maxSessionTimeoutMs: 1_800_000,
  maxSize: 5_000,
  initialDelayMs: 0,
};

const lowest: GroupRules = { minSessionTimeoutMs: 1, maxSessionTimeoutMs: 1, maxSize: 1, initialDelayMs: 0 };

/** The rules with all defaults. */
export function groupRules(given: Partial<GroupRules>): GroupRules {
  return { ...defaults, ...given };
}

/** What is wrong with given rules, a text for each. */
export function groupRuleProblems(given: object): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (!isRule(name)) problems.push(unknownName('option of groups', name, Object.keys(defaults)));
    else if (!Number.isInteger(value) || Number(value) < lowest[name] || Number(value) > MAX)
      problems.push(
        `groups.${name} must be a whole number from ${lowest[name]} to ${MAX}, got ${show(value)}`,
      );
  }
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = groupRules(given);
  if (problems.length === 0 && min > max)
    problems.push(`groups.minSessionTimeoutMs ${min} must not be above groups.maxSessionTimeoutMs ${max}`);
  return problems;
}

function isRule(name: string): name is keyof GroupRules {
  return Object.hasOwn(defaults, name);
}
