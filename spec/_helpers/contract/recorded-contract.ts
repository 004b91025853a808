import { newTopicCases } from './broker-contract-new-topics.ts';
import { appendCases } from './broker-contract-appends.ts';
import { compactionCases } from './broker-contract-compaction.ts';
import { compressionCases } from './broker-contract-compression.ts';
import { frameCases } from './broker-contract-frames.ts';
import { lookupCases } from './broker-contract-lookups.ts';
import { offsetCases } from './broker-contract-offsets.ts';
import { producerCases } from './broker-contract-producers.ts';
import { groupRepeatCases } from './broker-contract-group-repeats.ts';
import { repeatCases } from './broker-contract-repeats.ts';
import { refusalCases } from './broker-contract-refusals.ts';
import { settingCases } from './broker-contract-settings.ts';
import { timeCases } from './broker-contract-times.ts';
import { topicSettingCases } from './broker-contract-topic-settings.ts';
import type { RecordedCases } from './contract-case.ts';

/**
 * What the embedded cluster must answer as Apache Kafka does: the answers are on record, and each
 * case is compared with its record on both.
 */
export const recordedContract: readonly RecordedCases[] = [
  { name: 'producers', cases: producerCases },
  { name: 'new-topics', cases: newTopicCases },
  { name: 'settings', cases: settingCases },
  { name: 'topic-settings', cases: topicSettingCases },
  { name: 'appends', cases: appendCases },
  { name: 'offsets', cases: offsetCases },
  { name: 'lookups', cases: lookupCases },
  { name: 'frames', cases: frameCases },
  { name: 'repeats', cases: repeatCases },
  { name: 'group-repeats', cases: groupRepeatCases },
  { name: 'compaction', cases: compactionCases },
  { name: 'compression', cases: compressionCases },
  { name: 'times', cases: timeCases },
  { name: 'refusals', cases: refusalCases },
];
