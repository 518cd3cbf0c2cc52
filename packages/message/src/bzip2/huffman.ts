import type { BitReader } from './bits.js';

/** The longest code that may be read. */
export const MAX_CODE_LENGTH = 20;
/** The longest code that is written, as by bzip2 itself. */
const MAX_WRITTEN_LENGTH = 17;

/** Reads symbols of a canonical Huffman code. */
export class HuffmanDecoder {
  /** Symbols by code length, then by number. */
  readonly #symbols: Uint16Array;
  /** By length: how many codes have it. */
  readonly #counts: Uint16Array;

  constructor(lengths: Uint8Array) {
    this.#counts = new Uint16Array(MAX_CODE_LENGTH + 1);
    for (const length of lengths) this.#counts[length] = (this.#counts[length] ?? 0) + 1;
    this.#symbols = Uint16Array.from(bySize(lengths));
  }

  /** Throws for bits that are no code. */
  read(reader: BitReader): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
      code |= reader.read(1);
      const count = this.#counts[length] ?? 0;
      if (code - first < count) return this.#symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Error('bad code');
  }
}

function bySize(lengths: Uint8Array): number[] {
  return Array.from(lengths.keys()).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
}

/** The canonical codes of given lengths. */
export function canonicalCodes(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  let length = 0;
  for (const symbol of bySize(lengths)) {
    code <<= (lengths[symbol] ?? 0) - length;
    length = lengths[symbol] ?? 0;
    codes[symbol] = code++;
  }
  return codes;
}

/** Code lengths for symbols of given frequencies; every symbol gets a code, none longer than bzip2 allows. */
export function codeLengths(frequencies: Uint32Array): Uint8Array {
  let weights = Array.from(frequencies, (frequency) => Math.max(1, frequency));
  for (;;) {
    const lengths = treeDepths(weights);
    if (Math.max(...lengths) <= MAX_WRITTEN_LENGTH) return lengths;
    // Flatter weights make a flatter tree.
    weights = weights.map((weight) => 1 + (weight >>> 1));
  }
}

/** Depths of the leaves of Huffman's tree, built with two queues: sorted leaves, and nodes in the order they arise. */
function treeDepths(weights: readonly number[]): Uint8Array {
  const leaves = Array.from(weights.keys()).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
  const total = weights.length * 2 - 1;
  const weightOf = [...weights];
  const parent = new Uint16Array(total);
  let leaf = 0;
  let node = weights.length;
  for (let made = weights.length; made < total; made++) {
    let sum = 0;
    for (let child = 0; child < 2; child++) {
      const nextLeaf = leaves[leaf];
      const leafIsNext =
        nextLeaf !== undefined && (node >= made || (weightOf[nextLeaf] ?? 0) <= (weightOf[node] ?? 0));
      const chosen = leafIsNext ? nextLeaf : node++;
      if (leafIsNext) leaf++;
      parent[chosen] = made;
      sum += weightOf[chosen] ?? 0;
    }
    weightOf.push(sum);
  }
  const depths = new Uint8Array(total);
  for (let i = total - 2; i >= 0; i--) depths[i] = (depths[parent[i] ?? 0] ?? 0) + 1;
  return depths.subarray(0, weights.length);
}
