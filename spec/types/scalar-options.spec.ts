import test from 'ava';
import type { Config } from '../../source/config/config.ts';
import type { OptionValues } from '../../source/config/option-row.ts';
import { optionRows } from '../../source/config/option-table.ts';
import type { TopicProcessorOptions } from '../../source/config/options.ts';
import type { ScalarOptions } from '../../source/config/scalar-options.ts';
import { sameType } from './same-type.ts';

type Values = OptionValues<typeof optionRows>;

test('the generated interface has the options of the table, with the types of their rows', (t) => {
  sameType<keyof ScalarOptions, keyof Values>(true);
  sameType<Required<Omit<ScalarOptions, 'batchBytes'>>, Omit<Values, 'batchBytes'>>(true);
  sameType<number | undefined, Values['batchBytes']>(true);
  t.deepEqual(
    optionRows.filter((row) => row.default === undefined).map(({ name }) => name),
    ['batchBytes'],
  );
});

test('a TopicProcessor takes the generated options, and its configuration has their types', (t) => {
  sameType<Pick<TopicProcessorOptions, keyof ScalarOptions>, ScalarOptions>(true);
  sameType<Pick<Config, keyof ScalarOptions>, Required<ScalarOptions>>(true);
  t.pass();
});
