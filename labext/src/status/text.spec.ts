import { describe, expect, it } from 'vitest';

import { trans } from '../testing/samples';
import { age, plain, plainLines, size } from './text';

describe("strangers' text", () => {
  it.each([
    ['pan\u202Esad', 'pan‹202E›sad'],
    ['a\u0000b\u001b[31m', 'a‹0›b‹1B›[31m'],
    ['num\u200Bpy', 'num‹200B›py'],
    ['a\u2066b\u2069', 'a‹2066›b‹2069›'],
    ['\ufeffx', '‹FEFF›x'],
    ['x\u{E0041}', 'x‹E0041›'],
    ['one\r\ntwo\tthree', 'one two three'],
    ['ünïcode 漢字 😀', 'ünïcode 漢字 😀'],
    ['lone \ud800 half', 'lone ‹D800› half'],
    ['<img src=x onerror=y>', '<img src=x onerror=y>']
  ])('%j', (text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  it('is cut where it has no end', () => {
    expect(plain('x'.repeat(100_000))).toHaveLength(401);
  });

  it('keeps its lines where lines are meant', () => {
    expect(plainLines('a\nb\u202E')).toBe('a\nb‹202E›');
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
    ['yesterday\u202E', 'yesterday‹202E›']
  ])('%s', (when, shown) => {
    expect(age(when, trans, Date.parse('2026-11-22T12:00:00Z'))).toBe(shown);
  });
});
