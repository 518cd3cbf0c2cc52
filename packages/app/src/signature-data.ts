import { parseSignature, type SignatureData } from '@pool/message';

/** A signature, live or as it travels. */
export type SignatureLike = { toJSON(): SignatureData } | SignatureData;

/** The plain form of a signature: what travels. Throws `InvalidTaskError` for what is none. */
export function signatureData(signature: SignatureLike): SignatureData {
  const { toJSON } = signature;
  return parseSignature(typeof toJSON === 'function' ? toJSON.call(signature) : signature);
}
