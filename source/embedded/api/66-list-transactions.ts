import { defineApi } from '../api.ts';
import type { Outcome } from '../api.ts';
import type { RequestSummary } from '../request-summary.ts';
import { transactionStates } from '../transactions/transactional-id.ts';
import type { TransactionalId } from '../transactions/transactional-id.ts';
import { paced } from '../paced.ts';
import { VersionedFields } from './versioned-fields.ts';

const DURATION_FROM = 1;
const ANY_DURATION = -1;

interface ListRequest extends RequestSummary {
  readonly states: ReadonlySet<string>;
  readonly producerIds: ReadonlySet<bigint>;
  /** Only transactions that are open for longer than this. */
  readonly durationMs: number;
}

/** @see https://kafka.apache.org/protocol#The_Messages_ListTransactions */
export const listTransactions = defineApi<ListRequest>({
  key: 66,
  name: 'ListTransactions',
  min: 0,
  max: 1,
  flexibleFrom: 0,
  read(reader, version) {
    const states = new Set(reader.compactArray(() => reader.compactString()));
    const producerIds = new Set(reader.compactArray(() => reader.bigInt64()));
    const durationMs = version >= DURATION_FROM ? reader.int64() : ANY_DURATION;
    reader.skipTags();
    return { states, producerIds, durationMs };
  },
  async handle(request, context): Promise<Outcome> {
    const { cluster, nodeId, out } = context;
    const now = cluster.clock.wallNow();
    const listed: TransactionalId[] = [];
    await paced(cluster.transactions.all(), (transaction) => {
      const isHere = cluster.transactionCoordinatorOf(transaction.id)?.nodeId === nodeId;
      if (isHere && isAskedFor(transaction, request, now)) listed.push(transaction);
    });
    const unknown = [...request.states].filter((state) => !isState(state));
    const fields = new VersionedFields(out.fields.int32(0).int16(context.forcedError()), true);
    const { writer } = fields;
    await fields.pacedArray(unknown, (state) => void writer.compactString(state));
    await fields.pacedArray(listed, ({ id, producerId, state }) => {
      writer.compactString(id).bigInt64(producerId).compactString(state).noTags();
    });
    writer.noTags();
    return 'answer';
  },
});

function isAskedFor(
  { state, producerId, startedAt }: TransactionalId,
  { states, producerIds, durationMs }: ListRequest,
  now: number,
): boolean {
  if (states.size > 0 && !states.has(state)) return false;
  if (producerIds.size > 0 && !producerIds.has(producerId)) return false;
  return durationMs < 0 || now - startedAt > durationMs;
}

function isState(text: string): boolean {
  return transactionStates.some((state) => state === text);
}
