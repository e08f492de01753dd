import { describe, expect, it } from 'vitest';

import table from '../../../tests/data/escape_cases.json';
import { trans } from '../testing/samples';
import { age, escapeLine, escapeLines, size } from './text';

describe('text from outside', () => {
  it.each(table.cases)('$escaped', ({ text, escaped }) => {
    expect(escapeLine(text)).toBe(escaped);
  });

  it.each([
    ['one\r\ntwo\tthree', 'one two three'],
    ['lone \ud800 half', String.raw`lone \ud800 half`]
  ])('%j', (text, shown) => {
    expect(escapeLine(text)).toBe(shown);
  });

  it('is cut where it has no end', () => {
    expect(escapeLine('x'.repeat(100_000))).toHaveLength(401);
  });

  it('keeps its lines where lines are meant', () => {
    expect(escapeLines('a\nb\u202E')).toBe('a\nb\\u202e');
  });
});

describe('sizes and ages', () => {
  it.each([
    [0, ''],
    [-1, ''],
    [999, '999 B'],
    [12_345, '12 KB'],
    [1_750_000_000, '1.8 GB'],
    [38_200_000, '38 MB']
  ])('%d bytes', (bytes, shown) => {
    expect(size(bytes)).toBe(shown);
  });

  it.each([
    ['2026-11-22T11:59:40Z', 'just now'],
    ['2026-11-22T11:59:00Z', '1 minute ago'],
    ['2026-11-22T09:00:00Z', '3 hours ago'],
    ['2026-11-12T12:00:00Z', '10 days ago'],
    ['2026-05-22T12:00:00Z', '6 months ago'],
    ['2027-05-22T12:00:00Z', 'just now'],
    ['yesterday\u202E', 'yesterday\\u202e']
  ])('%s', (when, shown) => {
    expect(age(when, trans, Date.parse('2026-11-22T12:00:00Z'))).toBe(shown);
  });
});
