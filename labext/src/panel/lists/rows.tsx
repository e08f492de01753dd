/**
 * What the lists have in common: how many of their rows are shown, the filter, and the links from a row to cells.
 */
import * as React from 'react';

import { normalizeName } from '../../model/declaration/requirement';
import type { INotebookProject } from '../../model/tokens';
import type { IPanelProps } from '../context';
import { TextButton } from '../buttons';

/** How many rows a list shows, and how many more when asked: a panel of 2,000 has to open as fast as one of 20. */
export const FIRST_ROWS = 100;
const MORE_ROWS = 200;
/** From this many rows on, a list can be filtered. */
const FILTERED = 30;
const MOST_CELLS = 6;

/** What a list shows of its rows now. */
export interface IList<T> {
  readonly total: number;
  readonly found: number;
  readonly shown: ReadonlyArray<T>;
  readonly words: string;
  readonly setWords: (words: string) => void;
  readonly more: () => void;
}

export function useList<T extends { readonly name: string }>(rows: ReadonlyArray<T>): IList<T> {
  const [words, setWords] = React.useState('');
  const [most, setMost] = React.useState(FIRST_ROWS);
  const wanted = normalizeName(words.trim());
  const found = React.useMemo(
    () => (wanted ? rows.filter(row => normalizeName(row.name).includes(wanted)) : rows),
    [rows, wanted]
  );
  const shown = React.useMemo(() => found.slice(0, most), [found, most]);
  return { total: rows.length, found: found.length, shown, words, setWords, more: () => setMost(most + MORE_ROWS) };
}

export function Filter({ list, trans }: { list: IList<unknown>; trans: IPanelProps['trans'] }): React.JSX.Element | null {
  if (list.total < FILTERED) {
    return null;
  }
  return (
    <input
      className="jp-Dep-input jp-Dep-filter"
      type="text"
      spellCheck={false}
      placeholder={trans.__('Filter')}
      aria-label={trans.__('Filter this list')}
      value={list.words}
      onChange={event => list.setWords(event.target.value)}
    />
  );
}

export function More({ list, trans }: { list: IList<unknown>; trans: IPanelProps['trans'] }): React.JSX.Element | null {
  const left = list.found - list.shown.length;
  return left > 0 ? (
    <TextButton onClick={list.more}>
      {trans.__('Show %1 more of %2', String(Math.min(left, MORE_ROWS)), String(left))}
    </TextButton>
  ) : null;
}

/** The cells that import something, counted from 1, as links to them. */
export function Cells({
  cells,
  model,
  trans,
  tabIndex
}: Pick<IPanelProps, 'model' | 'trans'> & { cells: ReadonlyArray<number>; tabIndex: number }): React.JSX.Element {
  return (
    <>
      {cells.slice(0, MOST_CELLS).map(at => (
        <button
          key={at}
          type="button"
          className="jp-Dep-link"
          tabIndex={tabIndex}
          aria-label={trans.__('Go to cell %1', String(at + 1))}
          onClick={() => goTo(model, at)}
        >
          {trans.__('cell %1', String(at + 1))}
        </button>
      ))}
      {cells.length > MOST_CELLS && <span>…</span>}
    </>
  );
}

function goTo({ notebook }: INotebookProject, at: number): void {
  const { content } = notebook;
  content.activeCellIndex = at;
  if (content.activeCell) {
    void content.scrollToCell(content.activeCell);
  }
}
