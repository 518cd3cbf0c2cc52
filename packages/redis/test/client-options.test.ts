import { readFileSync } from 'node:fs';
import { assertHashTag, databaseNumber, tlsOptions } from '@pool/redis';
import { expect, test } from 'vitest';

const query = (text: string) => {
  const said = new URLSearchParams(text);
  return (name: string) => said.get(name);
};

test('there is no TLS unless the scheme or the option asks for it', () => {
  expect(tlsOptions(false, query('ssl_cert_reqs=none'), undefined)).toEqual({});
  expect(tlsOptions(false, query(''), {})).toEqual({ tls: {} });
  expect(tlsOptions(true, query(''), undefined)).toEqual({ tls: {} });
});

test("a URL says of TLS what Celery's says, and the option goes before it", () => {
  const file = import.meta.filename;
  const said = query(`ssl_ca_certs=${file}&ssl_certfile=${file}&ssl_keyfile=${file}&ssl_cert_reqs=CERT_NONE`);
  const content = readFileSync(file);
  expect(tlsOptions(true, said, { rejectUnauthorized: true, servername: 'a' }).tls).toEqual({
    ca: content,
    cert: content,
    key: content,
    rejectUnauthorized: true,
    servername: 'a',
  });
  expect(tlsOptions(true, query('ssl_cert_reqs=none'), undefined).tls).toEqual({ rejectUnauthorized: false });
  expect(() => tlsOptions(true, query('ssl_cert_reqs=sometimes'), undefined)).toThrow(
    new TypeError('ssl_cert_reqs is none, optional or required, not "sometimes"'),
  );
});

test('a database is a number, the first where none is named', () => {
  expect(['', '0', '7'].map(databaseNumber)).toEqual([0, 0, 7]);
  for (const text of ['x', '-1', '1.5']) expect(() => databaseNumber(text)).toThrow(TypeError);
});

test('a prefix for a cluster holds a hash tag', () => {
  for (const prefix of ['{celery}', 'a{b}c']) expect(() => assertHashTag(prefix)).not.toThrow();
  for (const prefix of ['', 'celery', '{}', '}{'])
    expect(() => assertHashTag(prefix)).toThrow(/set globalKeyPrefix to one/);
});
