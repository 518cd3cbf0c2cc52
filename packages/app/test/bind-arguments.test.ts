import { bindArguments, parseParameters } from '@pool/app';
import { describe, expect, it } from 'vitest';

const two = parseParameters('demo.add', ['x', 'y'], 2);
const withDefault = parseParameters('demo.go', ['path', 'mode?', 'depth'], 2);

describe('a call', () => {
  it('binds positional and keyword arguments to the parameters', () => {
    expect(bindArguments(two, [1, 2], {})).toEqual([1, 2]);
    expect(bindArguments(two, [1], { y: 2 })).toEqual([1, 2]);
    expect(bindArguments(two, [], { y: 2, x: 1 })).toEqual([1, 2]);
  });

  it('leaves out what has a default, or is marked with ?', () => {
    expect(bindArguments(withDefault, ['a'], {})).toEqual(['a']);
    expect(bindArguments(withDefault, ['a'], { depth: 3 })).toEqual(['a', undefined, 3]);
  });

  it.each([
    [two, [1], {}, "demo.add() missing 1 required positional argument: 'y'"],
    [two, [], {}, "demo.add() missing 2 required positional arguments: 'x' and 'y'"],
    [two, [1, 2], { y: 3 }, "demo.add() got multiple values for argument 'y'"],
    [two, [1], { y: 2, z: 3 }, "demo.add() got an unexpected keyword argument 'z'"],
    [two, [1, 2, 3], {}, 'demo.add() takes 2 positional arguments but 3 were given'],
    [withDefault, [1, 2, 3, 4], {}, 'demo.go() takes from 1 to 3 positional arguments but 4 were given'],
    [
      parseParameters('t', ['a', 'b', 'c'], 3),
      [],
      {},
      "t() missing 3 required positional arguments: 'a', 'b', and 'c'",
    ],
    [parseParameters('t', [], 0), [1], {}, 't() takes 0 positional arguments but 1 was given'],
    [two, [1], { constructor: 1, y: 2 }, "got an unexpected keyword argument 'constructor'"],
  ])('that does not fit is a TypeError in the words of Python', (parameters, args, kwargs, message) => {
    expect(() => bindArguments(parameters, args, kwargs)).toThrow(TypeError);
    expect(() => bindArguments(parameters, args, kwargs)).toThrow(message);
  });
});

describe('params', () => {
  it('are names, each once', () => {
    expect(() => parseParameters('t', ['a', 'a'], 2)).toThrow('params has a twice');
    expect(() => parseParameters('t', ['not a name'], 1)).toThrow('params must be names of parameters');
    expect(() => parseParameters('t', [1 as never], 1)).toThrow('params must be names of parameters');
  });
});
