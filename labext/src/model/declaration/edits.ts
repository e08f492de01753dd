/**
 * The declaration's cell, brought from one text to another in the shared model: once, in one undo step, and never over what
 * somebody has written meanwhile.
 */
import type { ISharedNotebook, SharedCell } from '@jupyter/ydoc';

import { blockCells, holdsBlock } from './block';
import { NAME } from '../tokens';

/** The texts of an `EditOrder` or an `Edit` of the wire. */
export interface ITextEdit {
  readonly before: string | null;
  readonly after: string;
}

/** What became of an edit: `other` is a text that is neither the one before nor the one after, null for no cell at all. */
export type Carried =
  { readonly kind: 'applied' } | { readonly kind: 'there' } | { readonly kind: 'other'; readonly now: string | null };

/** Applies an edit; a second time it finds everything `there`. `kernel`: the name to declare with a first block. */
export function applyEdit(notebook: ISharedNotebook, edit: ITextEdit, kernel: IKernelName | null = null): Carried {
  const found = blockCells(notebook);
  if (found.length > 1) {
    return { kind: 'other', now: found.map(({ cell }) => cell.getSource()).join('\n') };
  }
  const block = found[0];
  const now = block ? block.cell.getSource() : null;
  if (arrived(notebook, now, edit.after)) {
    return { kind: 'there' };
  }
  if (now === null ? edit.before !== null : edit.before === null || !same(now, edit.before)) {
    return { kind: 'other', now };
  }
  step(notebook, () => {
    if (!block) {
      notebook.insertCell(0, blockCell(notebook, edit.after));
      declareKernel(notebook, kernel);
    } else if (!edit.after.trim()) {
      notebook.deleteCell(block.index);
    } else {
      replaceText(block.cell, edit.after);
    }
  });
  return { kind: 'applied' };
}

/** What the user chose over what stands there now: the first block's cell gets the text, or a new cell does. */
export function overwrite(notebook: ISharedNotebook, after: string): void {
  const block = blockCells(notebook)[0];
  applyEdit(notebook, { before: block ? block.cell.getSource() : null, after });
}

export interface IKernelName {
  readonly name: string;
  readonly display_name: string;
}

/** Lines of one text that the other has not: `- gone`, `+ new`. */
export function difference(now: string, wanted: string): string[] {
  const here = now.split(/\r?\n/);
  const there = wanted.split(/\r?\n/);
  return [
    ...here.filter(line => !there.includes(line)).map(line => `- ${line}`),
    ...there.filter(line => !here.includes(line)).map(line => `+ ${line}`)
  ];
}

/** Whether the notebook is as the edit wants it; one that takes the block away may leave other lines in its cell. */
function arrived(notebook: ISharedNotebook, now: string | null, after: string): boolean {
  if (now !== null) {
    return same(now, after);
  }
  return !holdsBlock(after) && (!after.trim() || notebook.cells.some(cell => same(cell.getSource(), after)));
}

/** A file may have the line ends of another system, which the editor does not keep. */
function same(one: string, other: string): boolean {
  return one.replace(/\r\n/g, '\n').trimEnd() === other.replace(/\r\n/g, '\n').trimEnd();
}

function step(notebook: ISharedNotebook, change: () => void): void {
  // what was typed in the half second before is a step of its own
  (notebook as { undoManager?: { stopCapturing?: () => void } }).undoManager?.stopCapturing?.();
  notebook.transact(change);
}

function blockCell(notebook: ISharedNotebook, source: string): SharedCell.Cell {
  return {
    cell_type: 'code',
    source,
    // two tabs that insert the same block make the same cell
    id: cellId(source, new Set(notebook.cells.map(cell => cell.getId()))),
    metadata: { jupyter: { source_hidden: true }, tags: [NAME], trusted: true }
  };
}

/** Eight hexadecimal digits that the text decides (FNV-1a), moved on while they are taken. */
function cellId(source: string, taken: ReadonlySet<string>): string {
  let hash = 0x811c9dc5;
  for (const char of source) {
    hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  }
  while (taken.has(hash.toString(16).padStart(8, '0'))) {
    hash = (hash + 1) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}

function declareKernel(notebook: ISharedNotebook, kernel: IKernelName | null): void {
  if (kernel) {
    notebook.setMetadata('kernelspec', { ...kernel, language: 'python' });
  }
}

/** Only what differs is replaced, so that a cursor in the cell stays where it is. */
function replaceText(
  cell: { getSource(): string; updateSource(start: number, end: number, value?: string): void },
  text: string
): void {
  const now = cell.getSource();
  const shorter = Math.min(now.length, text.length);
  let head = 0;
  while (head < shorter && now[head] === text[head]) {
    head++;
  }
  let tail = 0;
  while (tail < shorter - head && now[now.length - 1 - tail] === text[text.length - 1 - tail]) {
    tail++;
  }
  cell.updateSource(head, now.length - tail, text.slice(head, text.length - tail));
}
