import { addressText } from '../../../kernel/address.ts';
import { asError } from '../../../kernel/as-error.ts';
import { LONGEST_TIMER_MS } from '../../../kernel/duration.ts';
import { TimeoutError } from '../../../kernel/errors.ts';
import type { Logger } from '../../../kernel/logger.ts';
import { resetSocket } from '../../../kernel/reset-socket.ts';
import type { CallWatch } from '../connection/call-watch.ts';
import type { KafkajsConnection, KafkajsConnectionPool } from './internals.ts';
import { receiveDirectly } from './direct-socket.ts';
import { ResponseFramer } from './response-framer.ts';

/**
 * Fixes the faults of kafkajs 2.2.4 that could lose a process, a socket or a core. To be called on
 * each new pool, before it is connected. Its BrokerPool, whose removeBroker can leave it without a
 * seed broker, is not used at all: see {@link ClusterConnection}.
 */
export function hardenPool(pool: KafkajsConnectionPool, logger: Logger, watch: CallWatch): void {
  for (const connection of pool.pool) {
    receiveWholeResponses(connection, addressText(pool), logger);
    connectWithin(connection, watch);
    connectOnce(connection);
    sleepWhenIdle(connection);
  }
}

/**
 * A response is cut in the middle by a lost connection; kafkajs keeps what came of it and takes it,
 * after a reconnect, for the start of the next response: a RangeError in the socket's data handler,
 * which ends the process. So responses are framed here, afresh for each socket. (It is faster as
 * well: kafkajs joins all chunks of a response a second time. Of a socket that was made here, most
 * of a response is read to where it stays.)
 *
 * The answers of a SASL exchange still go kafkajs's way, and its buffer is emptied on connect.
 */
export function receiveWholeResponses(connection: KafkajsConnection, broker: string, logger: Logger): void {
  const { requestQueue } = connection;
  const framer = new ResponseFramer(broker, (response) => {
    requestQueue.fulfillRequest({
      size: response.length,
      correlationId: response.readInt32BE(0),
      payload: response.subarray(4),
    });
  });
  const connect = connection.connect.bind(connection);
  const processData = connection.processData.bind(connection);
  connection.connect = () => {
    if (!connection.isConnected()) {
      framer.reset();
      connection.chunks = [];
      connection.bytesBuffered = 0;
      connection.bytesNeeded = 4;
    }
    const connected = connect();
    const { socket } = connection;
    receiveDirectly(socket, {
      room: () => framer.room(),
      filled(bytes) {
        // A socket that was given up may still bring something.
        if (socket === connection.socket)
          taken(() => {
            framer.filled(bytes);
          });
      },
      push(bytes) {
        if (socket === connection.socket) connection.processData(bytes);
      },
    });
    return connected;
  };
  const taken = (take: () => void) => {
    try {
      take();
    } catch (error) {
      // Thrown here it would be an uncaught exception of the process; the requests in flight are
      // rejected with it instead.
      logger.warn('A broker sent bytes that are no answer: its connection is dropped', { error });
      void dropConnection(connection, asError(error), logger);
    }
  };
  connection.processData = (data) => {
    taken(() => {
      if (connection.authHandlers === null) framer.push(data);
      // kafkajs keeps the bytes.
      else processData(Buffer.from(data));
    });
  };
}

/**
 * kafkajs's timer for a connection counts time in which the event loop did not turn, and fires before
 * the sockets are looked at: a connection that has long come about fails. So it is watched as calls
 * are.
 */
export function connectWithin(connection: KafkajsConnection, watch: CallWatch): void {
  const ms = connection.connectionTimeout;
  const connect = connection.connect.bind(connection);
  connection.connectionTimeout = LONGEST_TIMER_MS;
  connection.connect = async () => {
    const call = {
      limit: { ms },
      what: () => '',
      socket: () => undefined,
      passed: () => {
        connection.socket?.destroy(Object.assign(new Error('Connection timeout'), { code: 'ETIMEDOUT' }));
      },
    };
    watch.begin(call);
    try {
      return await connect();
    } finally {
      watch.end(call);
    }
  };
}

/**
 * Two first requests at the same time: each finds the connection not connected and opens a socket;
 * one of the two is never closed. So both wait for the same attempt.
 */
export function connectOnce(connection: KafkajsConnection): void {
  const connect = connection.connect.bind(connection);
  let connecting: Promise<unknown> | undefined;
  connection.connect = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
}

/**
 * After its first response a connection looks for requests held back by a quota, every millisecond
 * and forever. Nothing is held back here (see BrokerLink), so there is nothing to look for. Ten
 * times a second it looks for requests that took too long: here every request has a deadline of its
 * own that comes sooner (BrokerLink as well).
 */
export function sleepWhenIdle(connection: KafkajsConnection): void {
  const { requestQueue } = connection;
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule();
  };
  requestQueue.scheduleRequestTimeoutCheck = () => undefined;
}

/**
 * Rejects all requests in flight with `reason`, destroys the socket immediately, and resolves when
 * it is closed. After a TimeoutError it is reset.
 */
export async function dropConnection(
  connection: KafkajsConnection,
  reason: Error,
  logger: Logger,
): Promise<void> {
  connection.requestQueue.rejectAll(reason);
  const { socket } = connection;
  const closed = new Promise<void>((resolve) => {
    if (socket === undefined || socket.closed) resolve();
    else socket.once('close', resolve);
  });
  // One that is still connecting gets the error, since only that ends kafkajs's connection timer.
  if (socket !== undefined && !connection.isConnected()) socket.destroy(reason);
  // What was given up would hold up what is sent next on a slow link, or come after it.
  else if (socket !== undefined && reason instanceof TimeoutError) resetSocket(socket);
  else socket?.destroy();
  try {
    await connection.disconnect();
  } catch (error) {
    logger.debug('Closing a dropped connection failed', { error });
  }
  await closed;
}
