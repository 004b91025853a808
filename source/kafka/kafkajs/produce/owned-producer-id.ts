import { LifecycleError } from '../../../kernel/errors.ts';
import type { ProducerId, ProducerIdSource } from './producer-ids.ts';

/** The producer id of a transactional id, and its epoch: only whoever owns the id has another one. */
export class OwnedProducerId implements ProducerIdSource {
  readonly transactionalId: string;
  #current: ProducerId | undefined;

  constructor(transactionalId: string) {
    this.transactionalId = transactionalId;
  }

  get current(): ProducerId | undefined {
    return this.#current;
  }

  /** From now on records are sent under this one. */
  use({ producerId, epoch }: ProducerId): void {
    this.#current = { producerId, epoch, transactional: true };
  }

  ready(retired: ProducerId | undefined): ProducerId | undefined {
    return this.#current === retired ? undefined : this.#current;
  }

  get(): Promise<ProducerId> {
    const said = `Nothing can be sent for ${this.transactionalId} before it has another epoch`;
    return Promise.reject(new LifecycleError(said));
  }
}
