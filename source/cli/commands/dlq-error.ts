import { ConfigError } from '../../index.ts';

/** A mistake in what a command for dead letters was given. */
export function dlqError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Dead letters' });
}
