/**
 * Where the declaration stands in a notebook: the rule of `jupyter_dep.model.inline` and `notebook_scan`, on live cells.
 *
 * A cell that begins with a cell magic is not Python of the notebook, so no block is looked for in it. A block that is not
 * closed counts as one: the server then says what is wrong with it.
 */
import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';

// `(?<![^\n])` and `(?=\r?(?:\n|$))` are Python's `^` and `$` of a line: those of JavaScript also stop at U+2028.
const BLOCK = /(?<![^\n])# \/\/\/ ([a-zA-Z0-9-]+)\r?\n(?:#(?:\r?| [^\n]*)\n)+# \/\/\/(?=\r?(?:\n|$))/g;
const OPENING = /(?<![^\n])# \/\/\/ script[ \t]*(?=\r?(?:\n|$))/g;

/** Whether the source of a code cell holds a script block, closed or not. */
export function holdsBlock(source: string): boolean {
  if (!source.includes('# /// script') || source.trimStart().startsWith('%%')) {
    return false;
  }
  const others = [...source.matchAll(BLOCK)].filter(match => match[1] !== 'script');
  return [...source.matchAll(OPENING)].some(
    opening => !others.some(other => other.index < opening.index && opening.index < other.index + other[0].length)
  );
}

/** A cell that holds a block, and where it stands among all cells. */
export interface IBlockCell {
  readonly index: number;
  readonly cell: ISharedCell;
}

/** Every cell that holds a block: one in a notebook that is in order. */
export function blockCells(notebook: ISharedNotebook): IBlockCell[] {
  return notebook.cells
    .map((cell, index) => ({ cell, index }))
    .filter(({ cell }) => cell.cell_type === 'code' && holdsBlock(cell.getSource()));
}

/**
 * The text of the declaration's cell, null where there is none.
 *
 * Of two cells with a block both are told: the server answers that with its error, and edits neither.
 */
export function blockText(notebook: ISharedNotebook): string | null {
  const found = blockCells(notebook);
  return found.length ? found.map(({ cell }) => cell.getSource()).join('\n') : null;
}
