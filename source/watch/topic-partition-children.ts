/** Children of one metric, bound once for each topic-partition. */
export class TopicPartitionChildren<Child> {
  readonly #bind: (topic: string, partition: string) => Child;
  /** By topic, then by partition number. */
  readonly #children = new Map<string, Map<number, Child>>();

  constructor(bind: (topic: string, partition: string) => Child) {
    this.#bind = bind;
  }

  of(topic: string, partition: number): Child {
    let ofTopic = this.#children.get(topic);
    if (ofTopic === undefined) this.#children.set(topic, (ofTopic = new Map<number, Child>()));
    let child = ofTopic.get(partition);
    if (child === undefined) {
      child = this.#bind(topic, String(partition));
      ofTopic.set(partition, child);
    }
    return child;
  }
}
