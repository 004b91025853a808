export type {
  ConsumerMessage,
  HeadersInit,
  HeaderValue,
  Headers,
  ProducerMessage,
  TopicPartition,
} from './message.ts';
