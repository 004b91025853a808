import type { MessageProcessor } from '../../../source/message-processor.ts';
import { MapStore } from '../../../stores/map-store.ts';

/** A MapStore whose flush is noted. */
export function notingStore(note: () => void | Promise<void>): MapStore {
  const store = new MapStore();
  store.flush = async () => {
    await note();
  };
  return store;
}

/** Sends each message on, and notes that it does. */
export function copying(
  note: (name: string) => void,
  act: MessageProcessor['process'] = () => undefined,
): MessageProcessor {
  return {
    async process(messages, sender, context) {
      note(`process ${context.partition}`);
      for (const { value, partition } of messages) sender.send({ topic: 'out', value, partition });
      await act(messages, sender, context);
    },
  };
}

/** What the code of the user throws. */
export const boom = new Error('boom');
