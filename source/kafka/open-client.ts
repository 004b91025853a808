import type { KafkaClient } from './client.ts';
import type { Logger } from '../kernel/logger.ts';
export interface KafkaLike {
  consumer(config: object): unknown;
}
export interface KafkaOptions {
  readonly brokers: string[];
}
export interface OpenClientOptions {
  logger: Logger;
  retryTimeoutMs?: number;
  fetchMaxWaitMs?: number;
}
export type ClientInit = KafkaLike | KafkaOptions | KafkaClient;
export function openClient(client: ClientInit, _o: OpenClientOptions): KafkaClient {
  return client as KafkaClient;
}
export const kafkaLogCreator = (l: Logger) => l;
