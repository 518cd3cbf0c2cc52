import { BitReader } from './bits.js';
import { blockCrc, combineCrc } from './crc.js';
import { BLOCK_MAGIC, END_MAGIC, GROUP_SIZE, LEVEL_BYTES, MAX_GROUPS, RUN_B } from './format.js';
import { HuffmanDecoder, MAX_CODE_LENGTH } from './huffman.js';

/**
 * Decompresses bzip2: one stream or several after another, as bzip2 itself writes them. What follows the last stream is
 * ignored. Throws RangeError once the output passes `maxBytes`, Error for anything malformed.
 */
export function decompressBzip2(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new BitReader(bytes);
  const output = new Output(maxBytes);
  let block: Uint32Array = new Uint32Array(0);
  let streams = 0;
  do {
    if (reader.read(24) !== STREAM_MAGIC) {
      if (streams > 0) break;
      throw new Error('not bzip2 data');
    }
    block = readStream(reader, block, output);
    streams++;
  } while (reader.align());
  return output.bytes();
}

/** "BZh" */
const STREAM_MAGIC = 0x425a68;

/** Uses `spare` if it is large enough, or a larger block; returns it for the next stream, of which there may be many. */
function readStream(reader: BitReader, spare: Uint32Array, output: Output): Uint32Array {
  const level = reader.read(8) - 48;
  if (level < 1 || level > 9) throw new Error('bad level');
  const size = level * LEVEL_BYTES;
  let block = spare;
  let streamCrc = 0;
  for (;;) {
    const magic = [reader.read(24), reader.read(24)];
    const crc = reader.read32();
    if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) {
      if (crc !== streamCrc) throw new Error('the checksum of the stream is wrong');
      return block;
    }
    if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1]) throw new Error('bad block');
    if (block.length < size) block = new Uint32Array(size);
    const start = output.length;
    readBlock(reader, block.subarray(0, size), output);
    if (blockCrc(output.buffer, start, output.length) !== crc)
      throw new Error('the checksum of a block is wrong');
    streamCrc = combineCrc(streamCrc, crc);
  }
}

function readBlock(reader: BitReader, block: Uint32Array, output: Output): void {
  if (reader.read(1) !== 0) throw new Error('randomised blocks are not supported');
  const origin = reader.read(24);
  const used = readUsedBytes(reader);
  const groups = reader.read(3);
  if (groups < 2 || groups > MAX_GROUPS) throw new Error('bad number of tables');
  const selectors = readSelectors(reader, groups);
  const tables = Array.from({ length: groups }, () => readTable(reader, used.length + 2));
  const length = readSymbols(reader, { block, used, selectors, tables });
  if (origin >= length) throw new Error('bad origin');
  writeRotation(block, length, origin, output);
}

/** The bytes that occur in a block, from a bitmap of bitmaps. */
function readUsedBytes(reader: BitReader): Uint8Array {
  const rows = reader.read(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >>> row)) === 0) continue;
    const columns = reader.read(16);
    for (let column = 0; column < 16; column++) {
      if (columns & (0x8000 >>> column)) used.push(row * 16 + column);
    }
  }
  if (used.length === 0) throw new Error('a block without bytes');
  return Uint8Array.from(used);
}

function readSelectors(reader: BitReader, groups: number): Uint8Array {
  const selectors = new Uint8Array(reader.read(15));
  const recent = Uint8Array.from({ length: groups }, (_zero, table) => table);
  for (let i = 0; i < selectors.length; i++) {
    let index = 0;
    while (reader.read(1) === 1) if (++index >= groups) throw new Error('bad selector');
    selectors[i] = toFront(recent, index);
  }
  return selectors;
}

function readTable(reader: BitReader, symbols: number): HuffmanDecoder {
  const lengths = new Uint8Array(symbols);
  let length = reader.read(5);
  for (let i = 0; i < symbols; i++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw new Error('bad code length');
      if (reader.read(1) === 0) break;
      length += reader.read(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  return new HuffmanDecoder(lengths);
}

interface Coded {
  block: Uint32Array;
  used: Uint8Array;
  selectors: Uint8Array;
  tables: HuffmanDecoder[];
}

/** Fills the block with bytes in the order of their sorted rotations; returns their number. */
function readSymbols(reader: BitReader, { block, used, selectors, tables }: Coded): number {
  const recent = used.slice();
  const end = used.length + 1;
  let length = 0;
  let run = 0;
  let digit = 1;
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? MAX_GROUPS];
    if (table === undefined) throw new Error('too few selectors');
    for (let i = 0; i < GROUP_SIZE; i++) {
      const symbol = table.read(reader);
      if (symbol <= RUN_B) {
        run += digit << symbol;
        digit <<= 1;
        if (run > block.length) throw new Error('a run longer than the block');
        continue;
      }
      if (length + run + (symbol === end ? 0 : 1) > block.length) throw new Error('a block too long');
      block.fill(recent[0] ?? 0, length, length + run);
      length += run;
      run = 0;
      digit = 1;
      if (symbol === end) return length;
      block[length++] = toFront(recent, symbol - 1);
    }
  }
}

function toFront(list: Uint8Array, index: number): number {
  const value = list[index] ?? 0;
  list.copyWithin(1, 0, index);
  list[0] = value;
  return value;
}

/** Undoes the Burrows-Wheeler transform in place and writes the text, its runs expanded. */
function writeRotation(block: Uint32Array, length: number, origin: number, output: Output): void {
  const next = new Uint32Array(256);
  for (let i = 0; i < length; i++) next[block[i] ?? 0] = (next[block[i] ?? 0] ?? 0) + 1;
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = next[byte] ?? 0;
    next[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) {
    const byte = (block[i] ?? 0) & 0xff;
    const at = next[byte] ?? 0;
    next[byte] = at + 1;
    block[at] = (block[at] ?? 0) | (i << 8);
  }
  let at = (block[origin] ?? 0) >>> 8;
  let last = -1;
  let repeats = 0;
  for (let i = 0; i < length; i++) {
    const entry = block[at] ?? 0;
    const byte = entry & 0xff;
    at = entry >>> 8;
    if (repeats === 4) {
      output.write(last, byte);
      repeats = 0;
      last = -1;
    } else {
      repeats = byte === last ? repeats + 1 : 1;
      last = byte;
      output.write(byte, 1);
    }
  }
}

/** Bytes that grow up to a bound. */
class Output {
  readonly #max: number;
  buffer: Uint8Array = new Uint8Array(1024);
  length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  write(byte: number, count: number): void {
    const end = this.length + count;
    if (end > this.buffer.length) this.#grow(end);
    if (count === 1) this.buffer[this.length] = byte;
    else this.buffer.fill(byte, this.length, end);
    this.length = end;
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  #grow(needed: number): void {
    if (needed > this.#max) throw new RangeError('the output is too large');
    const larger = new Uint8Array(Math.min(this.#max, Math.max(needed, this.buffer.length * 2)));
    larger.set(this.buffer);
    this.buffer = larger;
  }
}
