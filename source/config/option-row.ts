/**
 * One scalar option of a TopicProcessor. Checks, defaults, the command line's settings, the table
 * in the documentation and the interface of the options with its docs all follow from these rows.
 */
export interface OptionRow {
  readonly name: string;
  readonly kind: 'integer' | 'boolean' | 'choice';
  readonly unit?: OptionUnit;
  /** undefined: computed from other options, as `what` says. */
  readonly default: number | boolean | string | undefined;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** What the option decides. */
  readonly what: string;
  /** Why this default, or this limit. */
  readonly reason: string;
}

/** The unit of an option's number; other options have none. */
export type OptionUnit = 'ms' | 'bytes' | 'records' | 'batches' | undefined;

/** The values that the options of these rows have once they are checked, by name. */
export type OptionValues<Rows extends readonly OptionRow[]> = {
  readonly [Row in Rows[number] as Row['name']]: ValueOf<Row>;
};

type ValueOf<Row extends OptionRow> =
  | KindOf<Row>
  // Computed from other options where it is not given.
  | (Row['default'] extends undefined ? undefined : never);

type KindOf<Row extends OptionRow> = Row extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : { integer: number; boolean: boolean; choice: string }[Row['kind']];
