import { suppressedBy } from '../../kernel/causes.ts';
import { KasperError } from '../../kernel/errors.ts';
import { hideSecrets } from '../../kernel/secrets.ts';
import { messageOf, stackOf } from '../../kernel/thrown-text.ts';

/**
 * What a person reads of an error, without a line break at the end.
 *
 * Errors of this library say what to do and need no stack. Where the job's own code threw, its
 * stack is shown, since it leads to the line. Secrets within it are hidden.
 */
export function errorText(error: unknown): string {
  return hideSecrets(describe(error));
}

/** The same with further help: what a command prints before it exits with an error. */
export function failureText(error: unknown): string {
  const text = errorText(error);
  return KasperError.is(error) && error.code === 'CONNECTION'
    ? `${text}\nCheck --brokers, the network, TLS and SASL; \`kasper broker\` starts a Kafka for development`
    : text;
}

function describe(error: unknown): string {
  if (!KasperError.is(error)) return `error: ${stackOf(error)}`;
  const parts = [`error: ${error.message}`];
  const { cause } = error;
  if (error.code === 'PROCESS' && !KasperError.is(cause)) parts.push(indent(stackOf(cause)));
  else if (cause !== undefined && !error.message.includes(messageOf(cause)))
    parts.push(`  caused by ${messageOf(cause)}`);
  for (const other of suppressedBy(error)) parts.push(`  also: ${messageOf(other)}`);
  return parts.join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
