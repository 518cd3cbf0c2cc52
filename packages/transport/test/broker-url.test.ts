import { inspect } from 'node:util';
import { BrokerUrl, InvalidBrokerUrlError, parseBrokerUrls } from '@pool/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const parts = (text: string): unknown => {
  const { scheme, username, host, port, path, query } = BrokerUrl.parse(text);
  return {
    scheme,
    username,
    password: BrokerUrl.parse(text).password(),
    host,
    port,
    path,
    query: { ...query },
  };
};
const nothing = { username: undefined, password: undefined, host: '', port: undefined, path: '', query: {} };

describe('a broker URL', () => {
  it.each([
    ['memory://', { ...nothing, scheme: 'memory' }],
    ['memory://one', { ...nothing, scheme: 'memory', path: 'one' }],
    ['filesystem://.pool/broker', { ...nothing, scheme: 'filesystem', path: '.pool/broker' }],
    [
      'filesystem:///var/lib/pool?fsync=1',
      { ...nothing, scheme: 'filesystem', path: '/var/lib/pool', query: { fsync: '1' } },
    ],
    ['redis://localhost', { ...nothing, scheme: 'redis', host: 'localhost' }],
    [
      'REDIS://:pa%3Ass@h:6380/2',
      { ...nothing, scheme: 'redis', password: 'pa:ss', host: 'h', port: 6380, path: '2' },
    ],
    [
      'rediss://user:p@[::1]:6379/0',
      { ...nothing, scheme: 'rediss', username: 'user', password: 'p', host: '::1', port: 6379, path: '0' },
    ],
    [
      'redis+socket:///run/redis.sock?virtual_host=2',
      { ...nothing, scheme: 'redis+socket', path: '/run/redis.sock', query: { virtual_host: '2' } },
    ],
    [
      'redis+socket://:p@/run/redis.sock',
      { ...nothing, scheme: 'redis+socket', password: 'p', path: '/run/redis.sock' },
    ],
    [
      'amqp://guest:guest@localhost//',
      { ...nothing, scheme: 'amqp', username: 'guest', password: 'guest', host: 'localhost', path: '/' },
    ],
    [
      'amqps://u:p@h/%2Fvhost',
      { ...nothing, scheme: 'amqps', username: 'u', password: 'p', host: 'h', path: '/vhost' },
    ],
    [
      'sqs://key:secret%2Fwith%2Fslash@',
      { ...nothing, scheme: 'sqs', username: 'key', password: 'secret/with/slash' },
    ],
    ['zookeeper://h:2181/vhost', { ...nothing, scheme: 'zookeeper', host: 'h', port: 2181, path: 'vhost' }],
  ])('is taken apart: %s', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it('may come with alternatives, which take the scheme of the first', () => {
    const shown = (urls: string | string[]): string[] => parseBrokerUrls(urls).map(String);
    expect(shown('sentinel://a:1;b:2;sentinel://c:3/0')).toEqual([
      'sentinel://a:1',
      'sentinel://b:2',
      'sentinel://c:3/0',
    ]);
    expect(shown(['amqp://a', 'amqp://b;amqp://c'])).toEqual(['amqp://a', 'amqp://b', 'amqp://c']);
  });

  it.each([
    ['', 'it is empty'],
    [' ; ', 'it is empty'],
    ['localhost:6379', 'the form scheme://'],
    ['redis://h:port', 'host or port'],
    ['redis://h:99999', 'between 1 and 65535'],
    ['redis://user:sec/ret@h', 'percent-encode the /'],
    ['redis://user:secr%t@h', 'a % that is not followed'],
    ['redis://a;amqp://b', 'one scheme'],
  ])('that is malformed is refused, and told how to be mended: %j', (text, why) => {
    const parse = (): unknown => parseBrokerUrls(text);
    expect(parse).toThrow(InvalidBrokerUrlError);
    expect(parse).toThrow(why);
    expect(parse).not.toThrow(/sec/);
  });

  it('refuses what is no text', () => {
    expect(() => parseBrokerUrls(undefined as never)).toThrow(TypeError);
    expect(() => parseBrokerUrls([7] as never)).toThrow(TypeError);
  });

  it('keeps the password to itself, however it is shown', () => {
    const secret = fc.string({
      minLength: 12,
      maxLength: 40,
      unit: fc.constantFrom(...'XYZ!$&()*+,=@:/?#%ü '),
    });
    fc.assert(
      fc.property(secret, fc.constantFrom('redis', 'amqp', 'sqs', 'redis+socket'), (password, scheme) => {
        const encoded = encodeURIComponent(password);
        const text = `${scheme}://user:${encoded}@/path?db=1&password=${encoded}`;
        const url = BrokerUrl.parse(text);
        expect(url.password()).toBe(password);
        expect(url.reveal()).toBe(text);
        expect(url.query['password']).toBe(password);
        const shows = [
          String(url),
          JSON.stringify({ url }),
          inspect(url, { depth: 9, showHidden: false }),
          `${Object.values(url)}`,
        ];
        shows.push(JSON.stringify({ ...url }), inspect({ nested: [url] }, { depth: 9 }));
        for (const show of shows) {
          expect(show).not.toContain(password);
          expect(show).not.toContain(encoded);
        }
        expect(String(url)).toBe(`${scheme}://user:**@/path?db=1&password=**`);
      }),
    );
  });

  it('of any text is taken apart or refused by name, without its password', () => {
    const piece = fc.constantFrom(
      'redis',
      '://',
      ':',
      '@',
      '/',
      '//',
      '?',
      '=',
      '&',
      '%',
      '%zz',
      '[',
      ']',
      ';',
      '#',
      '..',
      ' ',
      '\u0000',
      '99999',
      'host',
      'ü',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 9 }).map((all) => all.join('')),
        ),
        (text) => {
          try {
            for (const url of parseBrokerUrls(`redis://u:S3CRET-PW@h/${text}`))
              expect(String(url)).not.toContain('S3CRET');
            BrokerUrl.parse(text);
          } catch (error) {
            if (!(error instanceof InvalidBrokerUrlError)) throw error;
            expect(String(error)).not.toContain('S3CRET');
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
