/**
 * The answers of the search box: what the server knows locally of the typed words, a moment after the last keystroke.
 */
import * as React from 'react';

import { problemOf } from '../../model/client/problems';
import { normalizeName, splitRequirement } from '../../model/declaration/requirement';
import type { Hit } from '../../model/wire';
import { capitalize, escapeLine } from '../../status/text';
import type { IPanelProps } from '../context';

const LIMIT = 8;
/** Long enough for fast typists to send one request a word, too short to be felt. */
const PAUSE = 60;

export interface ISearchResult {
  /** The words that this is the answer to. */
  readonly words: string;
  readonly hits: ReadonlyArray<Hit>;
  /** A well-known name that the words could be mistaken for; empty without one. */
  readonly near: string;
  readonly note: string;
}

const EMPTY: ISearchResult = { words: '', hits: [], near: '', note: '' };

/** The newest answer; the one to earlier words until that to `words` has come. Each is handed to `onResult`, too. */
export function useSearch(
  { model, client, trans }: Pick<IPanelProps, 'model' | 'client' | 'trans'>,
  words: string,
  onResult: (result: ISearchResult) => void
): ISearchResult {
  const [result, setResult] = React.useState(EMPTY);
  const newestOnResult = React.useRef(onResult);
  const { path } = model;
  React.useEffect(() => {
    newestOnResult.current = onResult;
  });
  React.useEffect(() => {
    if (words === '') {
      return;
    }
    let wanted = true;
    const show = (answer: Omit<ISearchResult, 'words'>): void => {
      if (wanted) {
        setResult({ words, ...answer });
        newestOnResult.current({ words, ...answer });
      }
    };
    const timer = setTimeout(() => {
      client.search(words, path, LIMIT).then(
        ({ hits, near }) => {
          const note = hits.length > 0 ? '' : trans.__('Not a known package. Press Enter to look it up in the index.');
          show({ hits, near, note });
        },
        (error: unknown) => show({ hits: [], near: '', note: escapeLine(capitalize(problemOf(error).message)) })
      );
    }, PAUSE);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [client, path, words, trans]);
  return words === '' ? EMPTY : result;
}

/** What Enter does: add requirements, or look at the details of a name first. */
export type Choice =
  | { readonly kind: 'add'; readonly names: ReadonlyArray<string> }
  | { readonly kind: 'details'; readonly name: string; readonly bound: string; readonly near: string };

/** A known name that resembles no other is added, any other name is looked at first. `active`: the picked hit, or -1. */
export function choose(text: string, active: number, found: ISearchResult): Choice | null {
  const [name, bound] = splitRequirement(text) ?? ['', ''];
  const hit = active >= 0 ? found.hits[active] : found.hits.find(one => normalizeName(one.name) === normalizeName(name));
  if (hit) {
    return hit.near
      ? { kind: 'details', name: hit.name, bound: '', near: hit.near }
      : { kind: 'add', names: [`${hit.name}${active >= 0 ? '' : bound}`] };
  }
  return name ? { kind: 'details', name, bound, near: found.near } : null;
}
