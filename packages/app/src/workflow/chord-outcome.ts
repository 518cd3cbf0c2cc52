import { type Codec, decodeException, type ResultNode, SUCCESS } from '@pool/message';
import type { ChordPart } from '@pool/results';

/** What the header of a complete chord came to. */
export type ChordOutcome =
  | { readonly results: unknown }
  /** Why the body is not called. */
  | { readonly failure: string };

function decoded(part: ChordPart, codec: Codec): unknown {
  const content = { contentType: 'application/json', contentEncoding: 'utf-8', headers: {} };
  return codec.decode({ ...content, body: part.encodedResult });
}

function nested(node: ResultNode, results: ReadonlyMap<string, unknown>): unknown {
  return node.results === null ? results.get(node.id) : node.results.map((member) => nested(member, results));
}

/**
 * The argument of a chord's body: the results of its header in their order, or nested as `group` says where a member
 * was itself a group.
 */
export function chordOutcome(
  parts: readonly ChordPart[],
  group: ResultNode | undefined,
  codec: Codec,
): ChordOutcome {
  const failed = parts.find(({ state }) => state !== SUCCESS);
  if (failed) {
    const error = decodeException(decoded(failed, codec));
    const what = error ? `${error.type}(${JSON.stringify(error.message)})` : failed.state;
    return { failure: `Dependency ${failed.taskId} raised ${what}` };
  }
  const results = parts.map((part) => decoded(part, codec));
  if (!group) return { results };
  return { results: nested(group, new Map(parts.map((part, i) => [part.taskId, results[i]]))) };
}
