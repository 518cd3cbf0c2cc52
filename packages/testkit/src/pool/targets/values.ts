export function text(length: number): string {
  return 'x'.repeat(length);
}

export function lengthOf(value: string | Uint8Array): number {
  return value.length;
}

export function reverseBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** A value with a function in it. */
export function untransferable(): unknown {
  return { list: [1, { fn: (): void => {} }] };
}

export function cyclic(): unknown {
  const value: Record<string, unknown> = { name: 'cycle' };
  value['self'] = value;
  return value;
}

export function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}
