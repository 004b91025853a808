import { messageOf } from '../../kernel/thrown-text.ts';

/**
 * Reads JSON that may have comments (`//` and `/* … *\/`) and commas after the last element, as in
 * the sample.
 *
 * @throws SyntaxError that names the line
 */
export function parseJsonWithComments(text: string): unknown {
  const plain = withoutComments(text);
  try {
    return JSON.parse(plain);
  } catch (error) {
    const message = messageOf(error);
    const at = /at position (\d+)/.exec(message)?.[1];
    const line = at === undefined ? lineOfToken(plain) : plain.slice(0, Number(at)).split('\n').length;
    const why = message
      .replace(/ \(line \d+ column \d+\)$/, '')
      .replace(/(,? in JSON| in JSON)? at position \d+$/, '')
      .replace(/, (\.\.\.)?".*$/s, '');
    throw new SyntaxError(`${why}, in line ${line}`, { cause: error });
  }
}

/**
 * V8 does not say where an unexpected token is: it is in the first line with which the text so far
 * has one.
 */
function lineOfToken(text: string): number {
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    try {
      JSON.parse(lines.slice(0, count).join('\n'));
    } catch (error) {
      if (messageOf(error).startsWith('Unexpected token')) return count;
    }
  }
  return lines.length;
}

/**
 * Replaces comments, and commas before a closing bracket, with blanks, so that the rest stays in
 * place. Strings are kept.
 */
function withoutComments(text: string): string {
  const tokens = /"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[^]*?\*\//g;
  const bare = text.replaceAll(tokens, (token) => (token.startsWith('"') ? token : blank(token)));
  return bare.replaceAll(/"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])/g, (token) => (token === ',' ? ' ' : token));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}
