import { ErrorCodes } from '../../wire/error-codes.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { brokerError } from '../protocol/broker-errors.ts';
import { initProducerIdRequest } from '../protocol/init-producer-id.ts';
import { retryLoop } from '../connection/retry-loop.ts';

/** By this a broker distinguishes producers. Compared by identity. */
export interface ProducerId {
  readonly producerId: bigint;
  readonly epoch: number;
  /** Whether what it sends belongs to its open transaction. Default false. */
  readonly transactional?: boolean;
}

/** Where the queues of a sink get their producer id from. */
export interface ProducerIdSource {
  /** An id that is not `retired`, if there is one. */
  ready(retired: ProducerId | undefined): ProducerId | undefined;
  /** An id that is not `retired`, when there is one. */
  get(retired: ProducerId | undefined): Promise<ProducerId>;
}

export interface ProducerIdsOptions {
  readonly retryTimeoutMs: number;
  /** Aborted when the client or its part is closed. */
  readonly signal: AbortSignal;
}

/**
 * Producer ids. All partitions of a sink share one, until one of them has to retire it: sequence
 * numbers that may have been used can never be given to other records. The broker would take these
 * for repeats, say that they are stored, and drop them.
 */
export class ProducerIds implements ProducerIdSource {
  readonly #cluster: ClusterConnection;
  readonly #options: ProducerIdsOptions;
  #current: ProducerId | undefined;
  #asking: Promise<ProducerId> | undefined;

  constructor(cluster: ClusterConnection, options: ProducerIdsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** An id that is not `retired`, if there is one. */
  ready(retired: ProducerId | undefined): ProducerId | undefined {
    return this.#current === retired ? undefined : this.#current;
  }

  /**
   * An id that is not `retired` (InitProducerId).
   * @throws BrokerError, ConnectionError, TimeoutError
   */
  async get(retired: ProducerId | undefined): Promise<ProducerId> {
    const ready = this.ready(retired);
    if (ready !== undefined) return ready;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<ProducerId> {
    const { retryTimeoutMs, signal } = this.#options;
    const what = 'InitProducerId';
    this.#current = await retryLoop(
      this.#cluster,
      // Right after a start the broker answers 14 for some milliseconds.
      { timeoutMs: retryTimeoutMs, what, kind: 'send', signal, backoff: { initialMs: 10, maxMs: 1_000 } },
      async () => {
        const { requestMs } = this.#cluster.deadlines;
        const answer = await this.#cluster.callAny(initProducerIdRequest(), { ms: requestMs });
        if (answer.errorCode !== ErrorCodes.NONE) throw brokerError(answer.errorCode, what);
        return { producerId: answer.producerId, epoch: answer.epoch };
      },
    );
    return this.#current;
  }
}
