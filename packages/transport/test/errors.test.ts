import { readdir } from 'node:fs/promises';
import * as transport from '@pool/transport';
import { expect, it } from 'vitest';
import { FlakyTransport } from './support/flaky-transport.js';

it('knows the errors of another copy of the package by their codes', async () => {
  const copy = (await import(`${import.meta.resolve('@pool/transport')}?copy`)) as typeof transport;
  // The query gives the entry module a second life, and its imports the first: load the errors themselves again.
  const errors = (await import(`${new URL('../dist/errors.js', import.meta.url)}?copy`)) as typeof transport;
  expect(copy.TransportError).toBe(transport.TransportError);
  const foreign = new errors.ConnectionError('gone');
  expect(foreign.constructor).not.toBe(transport.ConnectionError);
  expect(foreign).toBeInstanceOf(transport.ConnectionError);
  expect(foreign).toBeInstanceOf(transport.TransportError);
  expect(foreign).not.toBeInstanceOf(transport.PublishError);
  expect(transport.ConnectionError.isInstance(foreign)).toBe(true);
  expect(transport.ConnectionError.isInstance(new Error('gone'))).toBe(false);
  expect(foreign).toMatchObject({ name: 'ConnectionError', code: 'ERR_POOL_CONNECTION' });
});

it('knows addresses and transports of another copy of the package', async () => {
  const again = (file: string): Promise<unknown> =>
    import(`${new URL(`../dist/${file}`, import.meta.url)}?copy`);
  const urls = (await again('broker-url.js')) as typeof transport;
  const [foreign] = urls.parseBrokerUrls('amqp://me:secret@host');
  expect(foreign?.constructor).not.toBe(transport.BrokerUrl);
  expect(transport.parseBrokerUrls(foreign as transport.BrokerUrl)).toEqual([foreign]);
  expect(transport.parseBrokerUrls([foreign as transport.BrokerUrl])[0]?.password()).toBe('secret');
  const { Transport } = (await again('transport.js')) as typeof transport;
  expect(Transport).not.toBe(transport.Transport);
  const flaky = new FlakyTransport('flaky://a');
  expect(flaky).toBeInstanceOf(Transport);
  expect(flaky).toBeInstanceOf(transport.Transport);
  expect(flaky).toBeInstanceOf(FlakyTransport);
  expect(flaky).not.toBeInstanceOf(class extends FlakyTransport {});
  expect({}).not.toBeInstanceOf(Transport);
});

it('has a code of its own for each error', async () => {
  const classes = Object.values(transport).filter(
    (value): value is typeof transport.PoolError =>
      typeof value === 'function' &&
      (value === transport.PoolError || value.prototype instanceof transport.PoolError),
  );
  const codes = classes.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.every((code) => code.startsWith('ERR_POOL'))).toBe(true);
  expect(await readdir(new URL('../src', import.meta.url))).toContain('errors.ts');
});
