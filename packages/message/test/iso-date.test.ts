import { formatIso, isoNow, parseIso } from '@pool/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('ISO 8601 dates', () => {
  it('are written with six digits and +00:00', () => {
    expect(formatIso(new Date('2026-01-01T00:00:00.123Z'))).toBe('2026-01-01T00:00:00.123000+00:00');
    expect(formatIso(0)).toBe('1970-01-01T00:00:00.000000+00:00');
    expect(isoNow()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000\+00:00$/);
  });

  it('outside what Python knows cannot be written', () => {
    for (const date of [new Date(Number.NaN), new Date(-1e14), new Date(8e15)]) {
      expect(() => formatIso(date)).toThrow(TypeError);
    }
  });

  it.each([
    ['2026-01-01T00:00:00.123456+00:00', '2026-01-01T00:00:00.123Z'],
    ['2026-01-01T00:00:00', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01 00:00:00.5', '2026-01-01T00:00:00.500Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00-05:30', '2026-01-01T05:30:00.000Z'],
    ['2026-01-01T00:00:00+0530', '2025-12-31T18:30:00.000Z'],
    ['2026-01-01T02:00+02', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00+05:53:28', '2025-12-31T18:06:32.000Z'],
    ['2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['0099-01-01T00:00:00', '0099-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseIso(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '2026',
    '2026-13-01T00:00:00',
    '2026-02-30T00:00:00',
    '2026-01-01T24:00:00',
    '2026-01-01T00:60:00',
    '2026-01-01T00:00:00+1',
    '2026-01-01T00:00:00+00:00x',
    '1767225600',
    '0000-01-01T00:00:00',
  ])('%j is none', (text) => {
    expect(parseIso(text)).toBeNull();
  });

  it('come back as they went', () => {
    const dates = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseIso(formatIso(date))).toEqual(date);
      }),
    );
  });
});
