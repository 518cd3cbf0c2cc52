import type { SignatureData } from '@pool/message';
import { chainData, chordData, chunked, kindOf, linksOf, membersOf, withArgs, withLinks } from './kinds.js';

/** Chunks are a group of their parts. */
function grouped(signature: SignatureData): SignatureData {
  return kindOf(signature) === 'chunks' ? chunked(signature) : signature;
}

/** Arguments of a chain are those of its first task, and so is taking none. */
function withFirst({ args, immutable }: SignatureData, steps: SignatureData[]): SignatureData[] {
  const [first, ...rest] = steps;
  if (!first) return [];
  const given = withArgs(first, args);
  return [immutable ? { ...given, immutable } : given, ...rest];
}

/** What is linked to a chain is linked to its last task; what is called on errors, to each. */
function flattened(chain: SignatureData): SignatureData[] {
  const steps = membersOf(chain)
    .map(grouped)
    .flatMap((member) => (kindOf(member) === 'chain' ? withFirst(member, flattened(member)) : [member]));
  const errbacks = linksOf(chain, 'link_error');
  const callbacks = linksOf(chain, 'link');
  return steps.map((step, i) => {
    const guarded = withErrbacks(step, errbacks);
    return i === steps.length - 1 ? withCallbacks(guarded, callbacks) : guarded;
  });
}

/** What is called with the result of a chord is called with that of its body. */
export function withCallbacks(signature: SignatureData, callbacks: readonly SignatureData[]): SignatureData {
  if (callbacks.length === 0) return signature;
  switch (kindOf(signature)) {
    case 'group':
    case 'chunks':
      throw new TypeError('nothing can be linked to a group; make it the header of a chord');
    case 'chord': {
      const body = withCallbacks(signature.kwargs['body'] as SignatureData, callbacks);
      return { ...signature, kwargs: { ...signature.kwargs, body } };
    }
    default:
      return withLinks(signature, 'link', callbacks);
  }
}

/** Each member of a group can fail, and so can each task of a chain; of a chord it is the body that says so. */
export function withErrbacks(signature: SignatureData, errbacks: readonly SignatureData[]): SignatureData {
  if (errbacks.length === 0) return signature;
  switch (kindOf(signature)) {
    case 'group': {
      const tasks = membersOf(signature).map((member) => withErrbacks(member, errbacks));
      return { ...signature, kwargs: { ...signature.kwargs, tasks } };
    }
    case 'chord': {
      const body = withErrbacks(signature.kwargs['body'] as SignatureData, errbacks);
      return { ...signature, kwargs: { ...signature.kwargs, body } };
    }
    default:
      return withLinks(signature, 'link_error', errbacks);
  }
}

/** What follows a chord follows its body. */
export function withFollowers(body: SignatureData, followers: readonly SignatureData[]): SignatureData {
  return followers.length === 0 ? body : chainData([body, ...followers]);
}

/**
 * The tasks of a chain one after the other: chains inside it are laid out, and a group that something follows is the
 * header of a chord whose body that is.
 */
export function stepsOf(chain: SignatureData): SignatureData[] {
  let steps: SignatureData[] = [];
  for (const step of flattened(chain).reverse()) {
    const [next, ...rest] = steps;
    const kind = kindOf(step);
    if (next && kind === 'group') steps = [chordData(step, withFollowers(next, rest))];
    else if (next && kind === 'chord') {
      const body = withFollowers(step.kwargs['body'] as SignatureData, steps);
      steps = [{ ...step, kwargs: { ...step.kwargs, body } }];
    } else steps.unshift(step);
  }
  return steps;
}
