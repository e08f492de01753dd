/**
 * Words for people: strangers' text made harmless, sizes, ages.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

/** Controls, bidirectional and zero-width characters: they make one name look like another, or a line like two. */
// eslint-disable-next-line no-control-regex
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|\udb40[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text on one line, with every character that nobody would see written out: `‹202E›`. */
export function plain(text: string, longest = 400): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(/[\r\n\t]+/g, ' ').replace(UNSEEN, found => `‹${found.codePointAt(0)!.toString(16).toUpperCase()}›`);
}

/** The same for text that may have several lines. */
export function plainLines(text: string, longest = 4000): string {
  return text
    .slice(0, longest)
    .split(/\r?\n/)
    .map(line => plain(line, longest))
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

/** How long ago, in whole units: `3 days ago`. Text that is no time comes back as it is; a future one is `just now`. */
export function age(when: string, trans: TranslationBundle, now = Date.now()): string {
  const then = Date.parse(when);
  if (Number.isNaN(then)) {
    return plain(when, 40);
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

/** A sentence's first letter: messages of the server start in lower case, a line in the page does not. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
