export interface Codec {
  readonly name: string;
  readonly bits: number;
  compress(b: Buffer): Buffer;
  decompress(b: Buffer, max: number): Buffer;
}
export function codecOf(bits: number): Codec {
  throw new Error(String(bits));
}
export function codecNamed(name: string): Codec {
  if (name === 'none') return { name, bits: 0, compress: (b) => b, decompress: (b) => b };
  throw new Error(name);
}
