import type { RawClient } from './raw-client.ts';

/** A topic or a broker, and what is wanted of its settings. */
export type ToAlter = readonly [
  type: number,
  name: string,
  values: readonly (readonly [name: string, value: string | null])[],
];

/** As {@link ToAlter}; 0 sets, 1 deletes, 2 appends, 3 subtracts. */
export type ToChange = readonly [
  type: number,
  name: string,
  changes: readonly (readonly [name: string, operation: number, value: string | null])[],
];

/** A setting by DescribeConfigs v3. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: string | null;
  readonly isReadOnly: boolean;
  readonly source: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly (readonly [name: string, value: string | null, source: number])[];
  readonly type: number;
}

/** The answer for one resource. */
export interface DescribedResource {
  readonly code: number;
  readonly message: string | null;
  readonly settings: readonly DescribedSetting[];
}

export const TOPIC = 2;
export const BROKER = 4;

/** AlterConfigs v1; the code and message of each resource. */
export function alterConfigs(
  client: RawClient,
  resources: readonly ToAlter[],
  validateOnly = false,
): Promise<readonly (readonly [code: number, message: string | null])[]> {
  return alterBy(client, { key: 33, version: 1 }, resources, validateOnly);
}

/** IncrementalAlterConfigs v0; the code and message of each resource. */
export function changeConfigs(
  client: RawClient,
  resources: readonly ToChange[],
  validateOnly = false,
): Promise<readonly (readonly [code: number, message: string | null])[]> {
  return alterBy(client, { key: 44, version: 0 }, resources, validateOnly);
}

/** DescribeConfigs v3 with synonyms. @param names undefined for all settings */
export async function describeConfigs(
  client: RawClient,
  [type, resource]: readonly [type: number, name: string],
  names?: readonly string[],
): Promise<DescribedResource> {
  const reader = await client.call({
    key: 32,
    version: 3,
    body: (writer) => {
      writer.int32(1).int8(type).string(resource);
      if (names === undefined) writer.int32(-1);
      else writer.array(names, (_, name) => writer.string(name));
      writer.boolean(true).boolean(true);
    },
  });
  reader.int32();
  const [found] = reader.array(() => {
    const code = reader.int16();
    const message = reader.nullableString();
    reader.int8();
    reader.string();
    const settings = reader.array((): DescribedSetting => {
      const head = {
        name: reader.string(),
        value: reader.nullableString(),
        isReadOnly: reader.boolean(),
        source: reader.int8(),
        isSensitive: reader.boolean(),
        synonyms: reader.array(() => [reader.string(), reader.nullableString(), reader.int8()] as const),
        type: reader.int8(),
      };
      reader.nullableString();
      return head;
    });
    return { code, message, settings };
  });
  if (found === undefined) throw new Error('No resource was described');
  return found;
}

async function alterBy(
  client: RawClient,
  { key, version }: { readonly key: number; readonly version: number },
  resources: readonly (ToAlter | ToChange)[],
  validateOnly: boolean,
): Promise<readonly (readonly [code: number, message: string | null])[]> {
  const reader = await client.call({
    key,
    version,
    body: (writer) =>
      writer
        .array(resources, (_, [type, name, values]) => {
          writer.int8(type).string(name).int32(values.length);
          for (const [setting, ...rest] of values) {
            writer.string(setting);
            const [first, second] = rest;
            if (typeof first === 'number') writer.int8(first).nullableString(second ?? null);
            else writer.nullableString(first);
          }
        })
        .boolean(validateOnly),
  });
  reader.int32();
  return reader.array(() => {
    const answer = [reader.int16(), reader.nullableString()] as const;
    reader.int8();
    reader.string();
    return answer;
  });
}
