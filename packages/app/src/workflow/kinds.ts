import { createSignature, parseSignature, parseSignatures, type SignatureData } from '@pool/message';

/** What a signature stands for. `map` and `starmap` are tasks; `chunks` becomes a group when it is sent. */
export type SignatureKind = 'task' | 'chain' | 'group' | 'chord' | 'chunks';

const kinds: ReadonlySet<string> = new Set(['chain', 'group', 'chord', 'chunks']);

export function kindOf(signature: SignatureData): SignatureKind {
  const { subtask_type: type } = signature;
  return type !== null && kinds.has(type) ? (type as SignatureKind) : 'task';
}

/** The members of a chain or a group. */
export function membersOf(signature: SignatureData): SignatureData[] {
  return parseSignatures(signature.kwargs['tasks'] ?? [], 'tasks');
}

/** The header of a chord. Celery writes it as a group or as a list. */
export function headerOf(chord: SignatureData): SignatureData {
  const { header } = chord.kwargs;
  if (Array.isArray(header)) return groupData(parseSignatures(header, 'header'));
  const signature = parseSignature(header, 'header');
  if (kindOf(signature) === 'group') return signature;
  return groupData(kindOf(signature) === 'chain' ? membersOf(signature) : [signature]);
}

export function bodyOf(chord: SignatureData): SignatureData {
  return parseSignature(chord.kwargs['body'], 'body');
}

export function chainData(
  tasks: readonly SignatureData[],
  options: Record<string, unknown> = {},
): SignatureData {
  return createSignature('celery.chain', { kwargs: { tasks }, options, subtask_type: 'chain' });
}

export function groupData(
  tasks: readonly SignatureData[],
  options: Record<string, unknown> = {},
): SignatureData {
  return createSignature('celery.group', { kwargs: { tasks }, options, subtask_type: 'group' });
}

export function chordData(
  header: SignatureData,
  body: SignatureData,
  parts: { args?: unknown[]; options?: Record<string, unknown> } = {},
): SignatureData {
  return createSignature('celery.chord', {
    ...parts,
    kwargs: { header, body, kwargs: {} },
    subtask_type: 'chord',
  });
}

function starmapData(task: SignatureData, it: readonly unknown[]): SignatureData {
  return createSignature('celery.starmap', {
    kwargs: { task, it: [...it] },
    subtask_type: 'xstarmap',
    immutable: true,
  });
}

/** The group of `celery.starmap` tasks that a signature of chunks stands for. */
export function chunked(signature: SignatureData): SignatureData {
  const { task, it, n } = signature.kwargs as { task: SignatureData; it: readonly unknown[]; n: number };
  if (!Array.isArray(it) || !Number.isInteger(n) || n < 1) {
    throw new TypeError('chunks need a list and a size, 1 or more');
  }
  const parts: SignatureData[] = [];
  for (let i = 0; i < it.length; i += n) parts.push(starmapData(task, it.slice(i, i + n)));
  return groupData(parts, signature.options);
}

/** A list option such as `link`, whatever form it came in. */
export function linksOf(signature: SignatureData, option: 'link' | 'link_error'): SignatureData[] {
  const links = signature.options[option];
  return links === undefined || links === null ? [] : parseSignatures(links, option);
}

export function withLinks(
  signature: SignatureData,
  option: 'link' | 'link_error',
  links: readonly SignatureData[],
): SignatureData {
  if (links.length === 0) return signature;
  return {
    ...signature,
    options: { ...signature.options, [option]: [...linksOf(signature, option), ...links] },
  };
}

/** A signature with arguments before its own, unless it takes none. */
export function withArgs(
  signature: SignatureData,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>> = {},
): SignatureData {
  if (signature.immutable || (args.length === 0 && Object.keys(kwargs).length === 0)) return signature;
  return { ...signature, args: [...args, ...signature.args], kwargs: { ...signature.kwargs, ...kwargs } };
}
