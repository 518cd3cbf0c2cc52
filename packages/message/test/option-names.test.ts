import { assertKnownOptions, type OptionNames } from '@pool/message';
import { expect, test } from 'vitest';

const known: OptionNames<{ tls?: boolean; globalKeyPrefix?: string }> = { tls: true, globalKeyPrefix: true };

test('options that are known, or say nothing, pass', () => {
  assertKnownOptions('the shop', {}, known);
  assertKnownOptions('the shop', { tls: false, globalKeyPrefix: 'a', other: undefined }, known);
});

test.each([
  ['global_key_prefix', 'the shop has no option "global_key_prefix": it is globalKeyPrefix here'],
  ['global_keyprefix', 'the shop has no option "global_keyprefix": it is globalKeyPrefix here'],
  ['TLS', 'the shop has no option "TLS": it is tls here'],
  ['timeout', 'the shop has no option "timeout"; it has globalKeyPrefix, tls'],
  ['toString', 'the shop has no option "toString"; it has globalKeyPrefix, tls'],
])('%s is refused', (name, message) => {
  expect(() => assertKnownOptions('the shop', { [name]: 1 }, known)).toThrow(new TypeError(message));
});
