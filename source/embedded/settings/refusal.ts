/** Why a request is refused, or a part of it: Kafka's error code, and a message in a broker's words. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}
