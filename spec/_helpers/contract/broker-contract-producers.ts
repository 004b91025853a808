import type { RawClient } from '../raw/raw-client.ts';
import { rawBatch, type BatchParts } from '../raw/raw-batch.ts';
import { initProducerId, produceOne } from '../raw/raw-produce.ts';
import { until } from '../until.ts';
import type { RecordedCase } from './contract-case.ts';
import type { ContractStage } from './contract-stage.ts';

/** A producer id; a broker that has just started hands none out for a moment. */
async function newProducer(client: RawClient): Promise<bigint> {
  const answer = async () => {
    const { code, producerId } = await initProducerId(client);
    return code === 0 && { producerId };
  };
  return (await until(answer, { deadlineMs: 20_000, what: 'a producer id' })).producerId;
}

/** A topic, and what sends batches of a new producer to it. */
async function writer(stage: ContractStage) {
  const { topic, leader } = await stage.topic();
  const producerId = await newProducer(leader);
  const send = (what: string, sequence: number, parts: BatchParts = {}) =>
    stage.note(what, produceOne(leader, topic, rawBatch({ producerId, epoch: 0, sequence, ...parts })));
  return { topic, leader, producerId, send };
}

async function sequenceWraps(stage: ContractStage): Promise<void> {
  const { send } = await writer(stage);
  await send('the last two sequence numbers and the first', 2_147_483_646, { count: 3 });
  await send('the next', 1);
  await send('the first batch again', 2_147_483_646, { count: 3 });
  await send('a number too early', 1_000);
}

/** InitProducerId and the sequences of idempotent producers. */
export const producerCases: readonly RecordedCase[] = [
  { title: 'after the largest sequence number comes 0', play: sequenceWraps },
];
