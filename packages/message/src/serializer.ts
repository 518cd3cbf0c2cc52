/**
 * One way to turn values into bytes and back. An implementation may throw anything; whoever calls it through a
 * registry gets `EncodeError` or `DecodeError`.
 */
export interface Serializer {
  /** The name producers choose it by, e.g. `json`. */
  name: string;
  contentType: string;
  contentEncoding: string;
  encode(value: unknown): Uint8Array;
  /** Bytes to plain data. */
  decode(body: Uint8Array, contentEncoding: string): unknown;
  /** Second step of decoding: tagged values become live ones. May change `value` in place. */
  revive?(value: unknown): unknown;
}
