/** The kinds of values, by their numbers in DescribeConfigs. */
export const SettingTypes = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
} as const;

export type SettingType = keyof typeof SettingTypes;

/** What a value must be beyond its type. */
export type ValidValues =
  | { readonly kind: 'range'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'one of'; readonly values: readonly string[] }
  /** As one of these, of which some need a codec that must be there. */
  | { readonly kind: 'compression'; readonly values: readonly string[] }
  /** A compression level of gzip: 1 to 9, or -1 for its own default. */
  | { readonly kind: 'gzip level' }
  /** `*`, or pairs of a partition and a broker such as `0:1`. */
  | { readonly kind: 'throttled replicas' };

/** A setting of Apache Kafka 4.1, of a topic or of a broker. */
export interface Setting {
  readonly name: string;
  readonly type: SettingType;
  /** As text; null for none. */
  readonly byDefault: string | null;
  /** Default: every value of the type. */
  readonly valid?: ValidValues;
  readonly doc: string;
}

export function atLeast(min: number): ValidValues {
  return { kind: 'range', min };
}

export function between(min: number, max: number): ValidValues {
  return { kind: 'range', min, max };
}

export function oneOf(...values: readonly string[]): ValidValues {
  return { kind: 'one of', values };
}
