import test from 'ava';
import { ContractStage } from '../_helpers/contract/contract-stage.ts';
import { readRecord, recordCommand } from '../_helpers/contract/record-files.ts';
import { recordedContract } from '../_helpers/contract/recorded-contract.ts';
import { testOnEach } from '../_helpers/servers/clusters.ts';

for (const { name, cases } of recordedContract) {
  const record = readRecord(name);

  test(`the record of ${name} has each of its cases and no other`, (t) => {
    const titles = cases.map(({ title }) => title);
    t.deepEqual(Object.keys(record), titles, `record it: ${recordCommand} -- ${name}`);
  });

  for (const { title, play } of cases)
    testOnEach(title, async (t, cluster) => {
      const stage = new ContractStage(t, cluster);
      await play(stage);
      t.deepEqual(stage.noted, record[title], `on record: ${name}.json`);
    });
}
