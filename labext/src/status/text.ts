/**
 * InlineCode for people: strangers' text made harmless, sizes, ages.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { INVISIBLE } from './invisible';

/** The text on one line, with every invisible or reordering character written out: `\\u202e`. */
export function escapeLine(text: string, longest = 400): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(/[\r\n\t]+/g, ' ').replace(INVISIBLE, escape);
}

/** Python's escapes, as the core and the kernel write them. */
function escape(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

/** The same for text that may have several lines. */
export function escapeLines(text: string, longest = 4000): string {
  return text
    .slice(0, longest)
    .split(/\r?\n/)
    .map(line => escapeLine(line, longest))
    .join('\n');
}

/** `38 MB`, `1.7 GB`, `12 KB`; empty for nothing. */
export function size(bytes: number): string {
  if (!(bytes > 0)) {
    return '';
  }
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${value >= 10 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** How long ago, in whole units: `3 days ago`. Text that cannot be parsed comes back as it is; a future time is `just now`. */
export function age(when: string, trans: TranslationBundle, now = Date.now()): string {
  const then = Date.parse(when);
  if (Number.isNaN(then)) {
    return escapeLine(when, 40);
  }
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) {
    return trans.__('just now');
  }
  if (minutes < 60) {
    return trans._n('%1 minute ago', '%1 minutes ago', minutes);
  }
  if (minutes < 48 * 60) {
    const hours = Math.floor(minutes / 60);
    return trans._n('%1 hour ago', '%1 hours ago', hours);
  }
  const days = Math.floor(minutes / (24 * 60));
  return days < 60
    ? trans._n('%1 day ago', '%1 days ago', days)
    : trans._n('%1 month ago', '%1 months ago', Math.floor(days / 30.44));
}

/** With a capital first letter: messages of the server start in lower case, a line in the page does not. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
