import { KasperError, silentLogger, TopicProcessor } from '../../index.ts';
import { textOf } from '../../kernel/thrown-text.ts';
import type { JobSetup } from '../job/job-setup.ts';
import { openStoresOf, type StoresOfJob } from '../job/job-stores.ts';

/** What the place of a job's stores shows of them. */
export interface StoreFindings {
  readonly problems: readonly string[];
  /** What a person should know, though a run would begin. */
  readonly notes: readonly string[];
}

/** A person waits for the answer. */
const ANSWER_WITHIN_MS = 5_000;

/** Connects to where the stores of a job are, and lets them go. */
export async function lintStores({ job, place, options }: JobSetup): Promise<StoreFindings> {
  const user = {
    topicProcessorName: job.topicProcessorName,
    logger: silentLogger,
    answerWithinMs: ANSWER_WITHIN_MS,
    // Ctrl-C ends the command without being waited for.
    signal: new AbortController().signal,
  };
  try {
    await using opened = await openStoresOf(job.stores, place, user);
    // Its constructor checks what the job's function has made, and connects to nothing.
    new TopicProcessor({ ...options, ...opened.option, inputPartitions: [0] }, job.processor);
    return { problems: [], notes: await warningsOf(opened.option.stores) };
  } catch (error) {
    const problem = KasperError.is(error)
      ? `stores: ${error.message}`
      : `stores: the job's function threw ${textOf(error)}`;
    return { problems: [problem], notes: [] };
  }
}

/** What the stores say of the place where their values are, those that the job makes itself included. */
async function warningsOf(stores: StoresOfJob['option']['stores'] = {}): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const found = await Promise.all(
    Object.values(stores).map(async (entry) => {
      const store = 'get' in entry || 'fetch' in entry ? entry : entry.store;
      return (await store.warnings?.({ signal })) ?? [];
    }),
  );
  return [...new Set(found.flat())];
}

/** What the place of the stores means, without a look at it. */
export function placeNotes({ job, place }: JobSetup): readonly string[] {
  if (typeof job.stores !== 'function' || (place?.kind ?? 'map') !== 'map') return [];
  const chosen = place === undefined ? '--store map, the default' : '--store map';
  return [
    `the stores are in the memory of the process (${chosen}): what they hold ends with it, while the offsets stay committed; keep it with --store redis or --store elasticsearch`,
  ];
}
