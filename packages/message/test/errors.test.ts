import {
  ContentDisallowedError,
  DecodeError,
  EncodeError,
  InvalidTaskError,
  MessageError,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

describe('errors', () => {
  const error = new InvalidTaskError('no id', { field: 'id', cause: 'why' });

  it('have a name, a code, their details and a cause', () => {
    expect(error).toMatchObject({
      name: 'InvalidTaskError',
      code: 'ERR_POOL_INVALID_TASK',
      field: 'id',
      cause: 'why',
    });
    expect(String(error)).toBe('InvalidTaskError: no id');
    expect(new DecodeError('x')).not.toHaveProperty('cause');
    expect(new EncodeError('x').path).toBe('');
    expect(new ContentDisallowedError('x', { contentType: 'a/b' }).contentType).toBe('a/b');
  });

  it('are told apart by isInstance, and all are MessageErrors', () => {
    expect(InvalidTaskError.isInstance(error)).toBe(true);
    expect(MessageError.isInstance(error)).toBe(true);
    expect(DecodeError.isInstance(error)).toBe(false);
    for (const other of [null, undefined, 'x', new Error('x'), { code: 'ERR_POOL_DECODE' }]) {
      expect(MessageError.isInstance(other)).toBe(false);
      expect(DecodeError.isInstance(other)).toBe(false);
    }
  });

  it('are recognised across two copies of the package', async () => {
    const url = `${import.meta.resolve('@pool/message').replace(/index\.js$/, 'errors.js')}?second`;
    const second = (await import(url)) as typeof import('@pool/message');
    const foreign = new second.DecodeError('x');
    expect(foreign).not.toBeInstanceOf(DecodeError);
    expect(DecodeError.isInstance(foreign)).toBe(true);
    expect(InvalidTaskError.isInstance(foreign)).toBe(false);
    expect(Symbol.for('@pool/error') in foreign).toBe(true);
  });
});
