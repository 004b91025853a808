import { newGroup, newTopic } from '../raw/raw-cluster.ts';
import { present } from '../raw/present.ts';
import { RawClient, type SpecOwner } from '../raw/raw-client.ts';
import { AnswerNames, type NotedAnswer } from './answer-names.ts';

/** The answers of one case, each by the name it was noted under. */
export type NotedAnswers = Readonly<Record<string, NotedAnswer>>;

/** A cluster that a case is played on. */
export interface StageCluster {
  readonly brokers: readonly string[];
  /** Compacts a topic but for its last batch. Undefined where brokers do it by themselves. */
  readonly compact?: ((topic: string) => Promise<void>) | undefined;
}

/** Where a recorded case is played: a cluster, and what was noted of its answers. */
export class ContractStage {
  /** Ends what the case opens: the `t` of a spec, or the recorder. */
  readonly owner: SpecOwner;
  readonly brokers: readonly string[];
  readonly #compact: StageCluster['compact'];
  readonly #noted = new Map<string, unknown>();

  constructor(owner: SpecOwner, { brokers, compact }: StageCluster) {
    this.owner = owner;
    this.brokers = brokers;
    this.#compact = compact;
  }

  /** Compacts a topic but for its last batch, where brokers do not do it by themselves. */
  async compact(topic: string): Promise<void> {
    await this.#compact?.(topic);
  }

  /** A new topic, and a connection to the leader of its partition 0. */
  topic(partitions = 1): Promise<{ topic: string; leader: RawClient }> {
    return newTopic(this.owner, this.brokers, partitions);
  }

  /** A name for a group, and connections to its coordinator. */
  group(): Promise<{ groupId: string; connect: () => Promise<RawClient> }> {
    return newGroup(this.owner, this.brokers);
  }

  /** A connection of its own, by default to the first broker. */
  connect(address: string = present(this.brokers[0])): Promise<RawClient> {
    return RawClient.open(this.owner, address);
  }

  /**
   * Notes an answer, which is compared with the one on record, and returns it.
   *
   * @param what what was asked, once in a case
   * @param answer codes and fields as decoded; AnswerNames says what is replaced in it
   */
  async note<T>(what: string, answer: T | Promise<T>): Promise<T> {
    if (this.#noted.has(what)) throw new Error(`Two answers of a case are noted as: ${what}`);
    // JavaScript lists fields that are numbers first.
    if (/^\d+$/.test(what)) throw new Error(`An answer needs a name in words, not ${what}`);
    this.#noted.set(what, undefined);
    const answered = await answer;
    this.#noted.set(what, answered);
    return answered;
  }

  /** Notes an answer, or that the broker closes the connection in its place. */
  async noteOrClosed(what: string, answer: Promise<unknown>): Promise<void> {
    const answered = answer.catch((error: unknown) => {
      if (/closed the connection|ECONNRESET|EPIPE/.test(String(error))) return 'connection closed';
      throw error;
    });
    await this.note(what, answered);
  }

  /** All that was noted, in the order in which it was asked. */
  get noted(): NotedAnswers {
    const names = new AnswerNames();
    return Object.fromEntries([...this.#noted].map(([what, answer]) => [what, names.replaceIn(answer)]));
  }
}
