import { loadResultStore, maskUrl, ResultStoreNotFoundError, resultPackageFor } from '@pool/results';
import { describe, expect, it } from 'vitest';
import { RecordingResults } from './support/recording-results.js';

describe('a result store', () => {
  it.each([
    ['redis://localhost', '@pool/results-redis'],
    ['rediss://localhost', '@pool/results-redis'],
    ['sentinel://a;b', '@pool/results-redis'],
    ['rpc://', '@pool/results-rpc'],
    ['filesystem://.pool/results', '@pool/results-filesystem'],
    ['file:///var/results', '@pool/results-filesystem'],
    ['mongo+srv://x', 'pool-results-mongo-srv'],
  ])('of %s is in the package %s', (url, name) => {
    expect(resultPackageFor(url)).toBe(name);
  });

  it('is made by the package of its URL, with its options', async () => {
    const asked: unknown[] = [];
    const store = await loadResultStore('acme://host', {
      options: { expires: 5 },
      packages: { acme: '@acme/results' },
      import: async (name) => {
        asked.push(name);
        return {
          default: (url: string, options: object) => {
            asked.push(url, options);
            return new RecordingResults(options);
          },
        };
      },
    });
    expect(store).toBeInstanceOf(RecordingResults);
    expect(asked).toEqual(['@acme/results', 'acme://host', { expires: 5 }]);
  });

  it('whose package is missing is an error of one line that says what to install', async () => {
    const missing = loadResultStore('nosuch://user:secret@host');
    await expect(missing).rejects.toBeInstanceOf(ResultStoreNotFoundError);
    await expect(missing).rejects.toThrow(
      /^no result store for nosuch: is installed; run: npm install pool-results-nosuch$/,
    );
  });

  it('whose package does not load for another reason says that reason', async () => {
    const broken = loadResultStore('acme://', { import: () => Promise.reject(new Error('syntax')) });
    await expect(broken).rejects.toThrow('syntax');
    await expect(loadResultStore('acme://', { import: async () => ({}) })).rejects.toThrow(
      'is not a result store',
    );
    await expect(loadResultStore('nonsense')).rejects.toThrow('must be a URL');
  });
});

describe('a URL', () => {
  it('is shown without its password', () => {
    expect(maskUrl('redis://user:secret@host:6379/0')).toBe('redis://user:**@host:6379/0');
    expect(maskUrl('redis://:secret@host')).toBe('redis://:**@host');
    expect(maskUrl('redis://host:6379/0')).toBe('redis://host:6379/0');
    expect(maskUrl('sentinel://:one@a:1;sentinel://u:two@b:2/3')).toBe(
      'sentinel://:**@a:1;sentinel://u:**@b:2/3',
    );
    expect(maskUrl('redis://u:p#a/s@s@host/0')).toBe('redis://u:**@host/0');
    expect(maskUrl('redis+socket://:p@/a/b?virtual_host=1&password=p')).toBe(
      'redis+socket://:**@/a/b?virtual_host=1&password=**',
    );
  });
});
