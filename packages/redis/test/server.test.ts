import { inspect } from 'node:util';
import { certificateHint, endClient, plainError, probeScript } from '@pool/redis';
import { requireServer } from '@pool/servers/vitest';
import { rejection } from '@pool/servers/waiting';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';

const SECRET = 'swordfish';
const redis = await requireServer('redis', {
  users: [{ name: 'alice', password: SECRET, rules: '~* +@all -hset' }],
});

async function client(url: string): Promise<Redis> {
  const made = new Redis(url, { lazyConnect: true, retryStrategy: () => null, protocol: 2 });
  made.on('error', () => {});
  onTestFinished(() => endClient(made));
  await made.connect();
  return made;
}

test('an error of the server tells neither what was sent nor a password', async () => {
  const alice = await client(redis.urlFor('alice', SECRET));
  const refused = await rejection(alice.hset('key', 'field', 'my secret'));
  expect(inspect(refused)).toContain('my secret');
  const plain = plainError(refused);
  expect(inspect(plain)).not.toContain('my secret');
  expect(plain).toMatchObject({ name: 'ReplyError', message: refused.message, stack: refused.stack });

  const unknown = await rejection(alice.auth('alice', 'open sesame'));
  expect(inspect(plainError(unknown))).not.toContain('open sesame');
});

test('an error keeps its code, also where several addresses refused a connection', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' });
  expect(plainError(refused)).toMatchObject({ message: refused.message, code: 'ECONNREFUSED' });
  expect(plainError(new AggregateError([refused]))).toMatchObject({
    message: refused.message,
    code: 'ECONNREFUSED',
  });
  expect(plainError('so')).toMatchObject({ message: 'so' });
});

test('an error about a certificate says what to do', () => {
  const hint = (code: string) => certificateHint(Object.assign(new Error('no'), { code }));
  expect(hint('SELF_SIGNED_CERT_IN_CHAIN')).toMatch(/tls: \{ ca \}/);
  expect(hint('UNABLE_TO_VERIFY_LEAF_SIGNATURE')).toMatch(/ssl_ca_certs/);
  expect(hint('ERR_TLS_CERT_ALTNAME_INVALID')).toMatch(/another host/);
  expect(hint('ECONNREFUSED')).toBe('');
});

test('a probe finds the commands that a user may not run, and leaves nothing', async () => {
  const probe = probeScript("try('HSET', '', '') try('HGET', '') try('DEL')");
  const alice = await client(redis.urlFor('alice', SECRET));
  expect(await alice.eval(probe, 1, 'nobody')).toEqual(['HSET']);
  const anyone = await client(redis.url);
  expect(await anyone.eval(probe, 1, 'nobody')).toEqual([]);
  expect(await anyone.exists('nobody')).toBe(0);
});
