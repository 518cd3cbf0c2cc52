import {
  type Codec,
  decodeResult,
  decodeResultTuple,
  encodeResultTuple,
  type ResultDocument,
  type ResultNode,
} from '@pool/message';
import { ResultDecodeError } from './errors.js';

/** How a store's documents are written and read. */
export interface DocumentFormat {
  readonly codec: Codec;
  readonly serializer: string;
}

function source({ codec, serializer }: DocumentFormat): { contentType: string; contentEncoding: string } {
  const { contentType, contentEncoding } = codec.serializers.get(serializer);
  return { contentType, contentEncoding };
}

/** Reads a stored document, saying whose it was if it is malformed. */
export function readDocument(raw: Uint8Array, id: string, format: DocumentFormat): ResultDocument {
  try {
    return decodeResult(raw, { codec: format.codec, ...source(format) });
  } catch (cause) {
    throw new ResultDecodeError(
      `the stored result of task ${id} cannot be read: ${(cause as Error).message}`,
      { id, cause },
    );
  }
}

export function writeGroup(node: ResultNode, { codec, serializer }: DocumentFormat): Uint8Array {
  return codec.encode({ result: encodeResultTuple(node) }, { serializer }).body;
}

export function readGroup(raw: Uint8Array, groupId: string, format: DocumentFormat): ResultNode {
  try {
    const plain = format.codec.decode({ body: raw, headers: {}, ...source(format) });
    return decodeResultTuple((plain as { result?: unknown } | null)?.result);
  } catch (cause) {
    throw new ResultDecodeError(`the stored group ${groupId} cannot be read: ${(cause as Error).message}`, {
      id: groupId,
      cause,
    });
  }
}
