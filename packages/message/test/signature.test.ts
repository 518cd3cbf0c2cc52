import { createSignature, InvalidTaskError, parseSignature, parseSignatures } from '@pool/message';
import { describe, expect, it } from 'vitest';

describe('signatures', () => {
  it('are complete when they are made', () => {
    expect(createSignature('demo.add')).toEqual({
      task: 'demo.add',
      args: [],
      kwargs: {},
      options: {},
      subtask_type: null,
      immutable: false,
    });
    expect(
      createSignature('demo.add', { args: [1], immutable: true, options: { queue: 'q' } }),
    ).toMatchObject({
      args: [1],
      immutable: true,
      options: { queue: 'q' },
    });
  });

  it('are completed when they are read, and keep what this version does not know', () => {
    const chain = { task: 'celery.chain', kwargs: { tasks: [] }, subtask_type: 'chain', chord_size: 3 };
    expect(parseSignature(chain)).toEqual({ ...createSignature('celery.chain'), ...chain });
    expect(parseSignature({ task: 't', args: null, immutable: null })).toEqual(createSignature('t'));
  });

  it('that are none are refused with the path of what is wrong', () => {
    const fieldOf = (value: unknown): string => {
      try {
        parseSignatures(value, 'callbacks');
      } catch (error) {
        if (InvalidTaskError.isInstance(error)) return error.field;
      }
      return 'nothing was wrong';
    };
    expect(fieldOf([createSignature('t'), 5])).toBe('callbacks[1]');
    expect(fieldOf({ task: '' })).toBe('callbacks[0].task');
    expect(fieldOf([{ task: 't', args: {} }])).toBe('callbacks[0].args');
    expect(fieldOf([{ task: 't', kwargs: 'x' }])).toBe('callbacks[0].kwargs');
    expect(fieldOf([{ task: 't', options: [] }])).toBe('callbacks[0].options');
    expect(fieldOf([{ task: 't', subtask_type: {} }])).toBe('callbacks[0].subtask_type');
    expect(fieldOf([{ task: 't', immutable: 1 }])).toBe('callbacks[0].immutable');
  });
});
