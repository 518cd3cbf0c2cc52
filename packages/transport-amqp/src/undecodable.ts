import type { ChannelModel } from 'amqplib';

const HEADER_FRAME = 2;
const BASIC_CLASS = 60;
/** Type, channel and size of a frame; then the class, the weight and the size of the body of a message. */
const FRAME_HEADER = 7;
const BODY_SIZE_AT = FRAME_HEADER + 4;

/** Bits of the flags that say which properties there are; the first three are in this order. */
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;
/** Bytes of each type of value in a table whose size is always the same. */
const SIZES = new Map(
  Object.entries({ V: 0, t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, d: 8, l: 8, L: 8, T: 8 }),
);

/** Under which key a message that came with properties nobody can read carries the reason. */
export const UNDECODABLE: unique symbol = Symbol('undecodable properties');

/** What is used of amqplib's connection, whose version is pinned for it. */
interface FrameReader {
  rest: Buffer;
  recvFrame(): unknown;
}

/**
 * Makes the integers of Python's library that amqplib does not know, beyond 31 bits, such as a time in milliseconds, those
 * that it does: they differ by their letter alone. False for a frame that has none, or is not to be understood.
 */
function retagLongs(frame: Buffer): boolean {
  let found = false;
  const table = (start: number, named: boolean): number => {
    let at = start + 4;
    const end = at + frame.readUInt32BE(start);
    while (at < end) {
      if (named) at += 1 + frame.readUInt8(at);
      const type = String.fromCharCode(frame.readUInt8(at));
      if (type === 'L') found = frame.write('l', at) === 1;
      at += 1;
      const size = SIZES.get(type);
      if (type === 'S' || type === 'x') at += 4 + frame.readUInt32BE(at);
      else if (type === 'F' || type === 'A') at = table(at, type === 'F');
      else if (size === undefined) throw new TypeError(`no type of a table: ${type}`);
      else at += size;
    }
    return at;
  };
  try {
    let at = BODY_SIZE_AT + 8;
    const flags = frame.readUInt16BE(at);
    at += 2;
    for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING])
      if ((flags & flag) !== 0) at += 1 + frame.readUInt8(at);
    if ((flags & HAS_HEADERS) !== 0) table(at, true);
  } catch {
    return false;
  }
  return found;
}

/**
 * amqplib takes a connection down over a message whose headers are nested so deep that its decoder overflows the stack.
 * RabbitMQ passes such headers on, and would deliver the message again at once, so one of them would keep a worker from
 * ever working. It gets empty headers instead, and the reason. Of integers that amqplib does not know it is relieved.
 */
export function refuseUndecodable(connection: ChannelModel): void {
  const reader = connection.connection as unknown as FrameReader;
  const receive = reader.recvFrame.bind(reader);
  let judged: unknown;
  // It calls itself when it has read more, so the frame is whole at the innermost call.
  reader.recvFrame = () => {
    const { rest } = reader;
    try {
      return receive();
    } catch (error) {
      if (error !== judged && reader.rest !== rest && isHeader(rest)) {
        if (!retagLongs(rest)) return standIn(rest, error);
        reader.rest = rest;
        return reader.recvFrame();
      }
      judged = error;
      throw error;
    }
  };
}

function isHeader(frame: Buffer): boolean {
  if (frame.length < BODY_SIZE_AT + 8 || frame.readUInt8(0) !== HEADER_FRAME) return false;
  return frame.readUInt16BE(FRAME_HEADER) === BASIC_CLASS;
}

function standIn(frame: Buffer, error: unknown): unknown {
  return {
    id: BASIC_CLASS,
    channel: frame.readUInt16BE(1),
    size: Number(frame.readBigInt64BE(BODY_SIZE_AT)),
    fields: { headers: { [UNDECODABLE]: (error as Error).message } },
  };
}
