import { defineApi } from '../api.ts';
import type { RequestSummary } from '../request-summary.ts';
import { transactionStates } from '../transactions/transactional-id.ts';
import type { TransactionalId } from '../transactions/transactional-id.ts';

const DURATION_FROM = 1;
const ANY_DURATION = -1;

interface ListRequest extends RequestSummary {
  readonly states: readonly string[];
  readonly producerIds: readonly bigint[];
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
    const states = reader.compactArray(() => reader.compactString());
    const producerIds = reader.compactArray(() => reader.bigInt64());
    const durationMs = version >= DURATION_FROM ? reader.int64() : ANY_DURATION;
    reader.skipTags();
    return { states, producerIds, durationMs };
  },
  handle(request, context) {
    const { cluster, nodeId, out } = context;
    const now = cluster.clock.wallNow();
    const listed = cluster.transactions
      .all()
      .filter(({ id }) => cluster.transactionCoordinatorOf(id)?.nodeId === nodeId)
      .filter((transaction) => isAskedFor(transaction, request, now));
    const unknown = request.states.filter((state) => !isState(state));
    out.fields.int32(0).int16(context.forcedError());
    out.fields.compactArray(unknown, (writer, state) => writer.compactString(state));
    out.fields.compactArray(listed, (writer, { id, producerId, state }) => {
      writer.compactString(id).bigInt64(producerId).compactString(state).noTags();
    });
    out.fields.noTags();
    return 'answer';
  },
});

function isAskedFor(
  { state, producerId, startedAt }: TransactionalId,
  { states, producerIds, durationMs }: ListRequest,
  now: number,
): boolean {
  if (states.length > 0 && !states.includes(state)) return false;
  if (producerIds.length > 0 && !producerIds.includes(producerId)) return false;
  return durationMs < 0 || now - startedAt > durationMs;
}

function isState(text: string): boolean {
  return transactionStates.some((state) => state === text);
}
