/** A column of a table for people. */
export interface Column {
  readonly title: string;
  /** Numbers are aligned right. Default: left. */
  readonly align?: 'right';
  /** Left out where all its cells are empty. */
  readonly optional?: boolean;
  /** Cut where the terminal is too narrow. */
  readonly shrinks?: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 8;
/** Drawn two columns wide in a terminal: East Asian letters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

/**
 * Rows of cells as lines, with titles.
 *
 * @param width of the terminal; undefined where the output is not a terminal: then nothing is cut
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const shown = columns
    .map((column, at) => ({ ...column, cells: rows.map((row) => printable(row[at] ?? '')) }))
    .filter(({ optional, cells }) => optional !== true || cells.some((cell) => cell !== ''))
    .map((column) => ({
      ...column,
      width: Math.max(widthOf(column.title), ...column.cells.map(widthOf)),
    }));
  let beyond =
    width === undefined
      ? 0
      : shown.reduce((sum, column) => sum + column.width, (shown.length - 1) * GAP.length) - width;
  // The last one first: it is the longest, and the least needed.
  for (const column of shown.toReversed()) {
    if (beyond <= 0 || column.shrinks !== true) continue;
    const less = Math.min(beyond, Math.max(0, column.width - LEAST_WIDTH));
    column.width -= less;
    beyond -= less;
  }
  const lineOf = (cellOf: (column: (typeof shown)[number]) => string) =>
    `${shown
      .map((column) => fit(cellOf(column), column))
      .join(GAP)
      .trimEnd()}\n`;
  return [lineOf(({ title }) => title), ...rows.map((_, at) => lineOf(({ cells }) => cells[at] ?? ''))].join(
    '',
  );
}

/**
 * Foreign text as it may go to a terminal: without line ends and control characters, which could
 * overwrite what is shown.
 */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    if (character === '\n') return '\\n';
    return character === '\t' ? '\\t' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Columns that a terminal needs for it. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) if (!NO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  return width;
}

function fit(text: string, { width, align }: { readonly width: number; readonly align?: 'right' }): string {
  const cut = cutTo(text, width);
  const space = ' '.repeat(width - widthOf(cut));
  return align === 'right' ? space + cut : cut + space;
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
