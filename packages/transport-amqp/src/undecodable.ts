import type { ChannelModel } from 'amqplib';

const HEADER_FRAME = 2;
const BASIC_CLASS = 60;
/** Type, channel and size of a frame; then the class, the weight and the size of the body of a message. */
const FRAME_HEADER = 7;
const BODY_SIZE_AT = FRAME_HEADER + 4;

/** Under which key a message that came with properties nobody can read carries the reason. */
export const UNDECODABLE: unique symbol = Symbol('undecodable properties');

/** What is used of amqplib's connection, whose version is pinned for it. */
interface FrameReader {
  rest: Buffer;
  recvFrame(): unknown;
}

/**
 * amqplib takes a connection down over a message whose headers are nested so deep that its decoder overflows the stack.
 * RabbitMQ passes such headers on, and would deliver the message again at once, so one of them would keep a worker from
 * ever working. It gets empty headers instead, and the reason.
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
      const frame = error === judged || reader.rest === rest ? undefined : standIn(rest, error);
      if (frame !== undefined) return frame;
      judged = error;
      throw error;
    }
  };
}

function standIn(frame: Buffer, error: unknown): unknown {
  if (frame.length < BODY_SIZE_AT + 8 || frame.readUInt8(0) !== HEADER_FRAME) return undefined;
  if (frame.readUInt16BE(FRAME_HEADER) !== BASIC_CLASS) return undefined;
  return {
    id: BASIC_CLASS,
    channel: frame.readUInt16BE(1),
    size: Number(frame.readBigInt64BE(BODY_SIZE_AT)),
    fields: { headers: { [UNDECODABLE]: (error as Error).message } },
  };
}
