import { BitWriter } from './bits.js';
import { blockCrc, combineCrc } from './crc.js';
import { BLOCK_MAGIC, END_MAGIC, GROUP_SIZE, LEVEL_BYTES, MAX_GROUPS, RUN_A, RUN_B } from './format.js';
import { canonicalCodes, codeLengths } from './huffman.js';
import { sortRotations } from './rotations.js';

/** Compresses to one bzip2 stream. */
export function compressBzip2(bytes: Uint8Array): Uint8Array {
  const writer = new BitWriter(64 + (bytes.length >>> 2));
  // A level says how much memory the reader needs.
  const level = Math.min(9, Math.max(1, Math.ceil((bytes.length * 1.25 + SLACK) / LEVEL_BYTES)));
  for (const char of `BZh${level}`) writer.write(char.charCodeAt(0), 8);
  let streamCrc = 0;
  for (let start = 0; start < bytes.length; ) {
    const { block, end } = packRuns(bytes, start, level * LEVEL_BYTES - SLACK);
    const crc = blockCrc(bytes, start, end);
    streamCrc = combineCrc(streamCrc, crc);
    writer.write(BLOCK_MAGIC[0], 24);
    writer.write(BLOCK_MAGIC[1], 24);
    writer.write32(crc);
    writeBlock(writer, block);
    start = end;
  }
  writer.write(END_MAGIC[0], 24);
  writer.write(END_MAGIC[1], 24);
  writer.write32(streamCrc);
  return writer.finish();
}

/** What bzip2 leaves free at the end of a block. */
const SLACK = 19;

/** Four equal bytes are followed by how often the byte comes again; up to `max` bytes so packed make a block. */
function packRuns(bytes: Uint8Array, start: number, max: number): { block: Uint8Array; end: number } {
  const block = new Uint8Array(Math.min(max, Math.ceil((bytes.length - start) * 1.25) + 5));
  let length = 0;
  let i = start;
  while (i < bytes.length && length + 5 <= max) {
    const byte = bytes[i] ?? 0;
    let run = 1;
    while (run < 259 && bytes[i + run] === byte) run++;
    const shown = Math.min(run, 4);
    block.fill(byte, length, length + shown);
    length += shown;
    if (shown === 4) block[length++] = run - 4;
    i += run;
  }
  return { block: block.subarray(0, length), end: i };
}

function writeBlock(writer: BitWriter, block: Uint8Array): void {
  const { last, origin } = sortRotations(block);
  writer.write(0, 1);
  writer.write(origin, 24);
  const used = usedBytes(block);
  writeUsedBytes(writer, used);
  const symbols = toSymbols(last, used);
  const { tables, selectors } = chooseTables(symbols, used.length + 2);
  writer.write(tables.length, 3);
  writeSelectors(writer, selectors, tables.length);
  for (const lengths of tables) writeTable(writer, lengths);
  const codes = tables.map(canonicalCodes);
  for (let i = 0; i < symbols.length; i++) {
    const table = selectors[Math.floor(i / GROUP_SIZE)] ?? 0;
    const symbol = symbols[i] ?? 0;
    writer.write(codes[table]?.[symbol] ?? 0, tables[table]?.[symbol] ?? 0);
  }
}

function usedBytes(block: Uint8Array): Uint8Array {
  return Uint8Array.from(new Set(block)).sort();
}

function writeUsedBytes(writer: BitWriter, used: Uint8Array): void {
  const rows = new Uint16Array(16);
  for (const byte of used) rows[byte >>> 4] = (rows[byte >>> 4] ?? 0) | (0x8000 >>> (byte & 15));
  for (const row of rows) writer.write(row === 0 ? 0 : 1, 1);
  for (const row of rows) if (row !== 0) writer.write(row, 16);
}

/** Bytes as their places in a list of recent ones, runs of the most recent as numbers of the digits A and B. */
function toSymbols(bytes: Uint8Array, used: Uint8Array): Uint16Array {
  const recent = used.slice();
  const symbols = new Uint16Array(bytes.length + 1);
  let length = 0;
  let run = 0;
  const endRun = (): void => {
    for (; run > 0; run = (run - 1) >>> 1) symbols[length++] = run & 1 ? RUN_A : RUN_B;
  };
  for (const byte of bytes) {
    const place = recent.indexOf(byte);
    if (place === 0) {
      run++;
      continue;
    }
    endRun();
    recent.copyWithin(1, 0, place);
    recent[0] = byte;
    symbols[length++] = place + 1;
  }
  endRun();
  symbols[length++] = used.length + 1;
  return symbols.subarray(0, length);
}

const ROUNDS = 4;

interface Tables {
  /** Code lengths, by table and symbol. */
  tables: Uint8Array[];
  /** The table of each group of symbols. */
  selectors: Uint8Array;
}

/** Several codes, each group of symbols with the one that suits it, made to suit in a few rounds. */
function chooseTables(symbols: Uint16Array, alphabet: number): Tables {
  const count = tableCount(symbols.length);
  let tables = firstTables(symbols, alphabet, count);
  const selectors = new Uint8Array(Math.ceil(symbols.length / GROUP_SIZE));
  for (let round = 0; round < ROUNDS; round++) {
    const frequencies = tables.map(() => new Uint32Array(alphabet));
    for (let group = 0; group < selectors.length; group++) {
      const members = symbols.subarray(group * GROUP_SIZE, (group + 1) * GROUP_SIZE);
      const best = cheapest(tables, members);
      selectors[group] = best;
      const frequency = frequencies[best];
      if (frequency !== undefined)
        for (const symbol of members) frequency[symbol] = (frequency[symbol] ?? 0) + 1;
    }
    tables = frequencies.map(codeLengths);
  }
  return { tables, selectors };
}

function tableCount(symbols: number): number {
  const steps = [200, 600, 1200, 2400];
  const step = steps.findIndex((limit) => symbols < limit);
  return step === -1 ? MAX_GROUPS : step + 2;
}

/** Each table begins with a share of the alphabet that makes up an equal share of the symbols. */
function firstTables(symbols: Uint16Array, alphabet: number, count: number): Uint8Array[] {
  const frequency = new Uint32Array(alphabet);
  for (const symbol of symbols) frequency[symbol] = (frequency[symbol] ?? 0) + 1;
  const tables = Array.from({ length: count }, () => new Uint8Array(alphabet).fill(15));
  let seen = 0;
  for (let symbol = 0; symbol < alphabet; symbol++) {
    const table = Math.min(count - 1, Math.floor((seen * count) / symbols.length));
    const lengths = tables[table];
    if (lengths !== undefined) lengths[symbol] = 1;
    seen += frequency[symbol] ?? 0;
  }
  return tables;
}

function cheapest(tables: readonly Uint8Array[], members: Uint16Array): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const [table, lengths] of tables.entries()) {
    let cost = 0;
    for (const symbol of members) cost += lengths[symbol] ?? 0;
    if (cost < bestCost) {
      best = table;
      bestCost = cost;
    }
  }
  return best;
}

function writeSelectors(writer: BitWriter, selectors: Uint8Array, count: number): void {
  writer.write(selectors.length, 15);
  const recent = Uint8Array.from({ length: count }, (_zero, table) => table);
  for (const selector of selectors) {
    const place = recent.indexOf(selector);
    for (let i = 0; i < place; i++) writer.write(1, 1);
    writer.write(0, 1);
    recent.copyWithin(1, 0, place);
    recent[0] = selector;
  }
}

/** Each length is written as steps up (10) or down (11) from the one before. */
function writeTable(writer: BitWriter, lengths: Uint8Array): void {
  let current = lengths[0] ?? 0;
  writer.write(current, 5);
  for (const length of lengths) {
    for (; current < length; current++) writer.write(2, 2);
    for (; current > length; current--) writer.write(3, 2);
    writer.write(0, 1);
  }
}
