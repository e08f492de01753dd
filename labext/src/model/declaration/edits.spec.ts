import { YNotebook } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';

import { applyEdit, difference, overwrite } from './edits';

const ONE = '# /// script\n# dependencies = [\n#   "numpy",\n# ]\n# ///';
const TWO = ONE.replace('#   "numpy",\n', '#   "numpy",\n#   "pandas",\n');

function notebook(...sources: string[]): YNotebook {
  const made = YNotebook.create();
  sources.forEach(source => made.addCell({ cell_type: 'code', source }));
  made.clearUndoHistory();
  return made;
}

const sources = (made: YNotebook): string[] => made.cells.map(cell => cell.getSource());

describe('an edit of the declaration', () => {
  it('makes a hidden, tagged first cell where there was none, and names the kernel', () => {
    const made = notebook('print(1)');
    const kernel = { name: 'dep', display_name: 'Python (dep)' };
    expect(applyEdit(made, { before: null, after: ONE }, kernel)).toEqual({ kind: 'applied' });
    expect(sources(made)).toEqual([ONE, 'print(1)']);
    const { metadata } = made.cells[0]!.toJSON();
    expect(metadata).toMatchObject({ jupyter: { source_hidden: true }, tags: ['jupyter-dep'] });
    expect(made.getMetadata('kernelspec')).toEqual({ ...kernel, language: 'python' });
  });

  it('leaves the kernel alone where it is ours already', () => {
    const made = notebook('print(1)');
    made.setMetadata('kernelspec', { name: 'dep-x', display_name: 'x' });
    applyEdit(made, { before: null, after: ONE }, null);
    expect(made.getMetadata('kernelspec')).toEqual({ name: 'dep-x', display_name: 'x' });
  });

  it('happens once, however often it comes', () => {
    const made = notebook('print(1)');
    expect(applyEdit(made, { before: null, after: ONE }).kind).toBe('applied');
    expect(applyEdit(made, { before: null, after: ONE }).kind).toBe('there');
    expect(applyEdit(made, { before: ONE, after: TWO }).kind).toBe('applied');
    expect(applyEdit(made, { before: ONE, after: TWO }).kind).toBe('there');
    expect(sources(made)).toEqual([TWO, 'print(1)']);
  });

  it('makes the same cell in every tab', () => {
    const [one, other] = [notebook('print(1)'), notebook('print(1)')];
    applyEdit(one, { before: null, after: ONE });
    applyEdit(other, { before: null, after: ONE });
    expect(one.cells[0]!.getId()).toBe(other.cells[0]!.getId());
    const taken = notebook();
    taken.addCell({ cell_type: 'code', source: '', id: one.cells[0]!.getId() });
    applyEdit(taken, { before: null, after: ONE });
    expect(new Set(taken.cells.map(cell => cell.getId())).size).toBe(2);
  });

  it('is one step to undo, apart from what was typed just before', () => {
    const made = notebook(ONE, 'x');
    made.cells[1]!.setSource('x = 1');
    applyEdit(made, { before: ONE, after: TWO });
    made.undo();
    expect(sources(made)).toEqual([ONE, 'x = 1']);
    made.redo();
    expect(sources(made)).toEqual([TWO, 'x = 1']);
  });

  it('replaces only what differs', () => {
    const made = notebook(ONE);
    const changes: unknown[] = [];
    made.cells[0]!.changed.connect((_, change) => changes.push((change as { sourceChange?: unknown }).sourceChange));
    applyEdit(made, { before: ONE, after: TWO });
    expect(changes).toHaveLength(1);
    const inserted = (changes[0] as { insert?: string }[]).map(part => part.insert ?? '').join('');
    expect(inserted).toHaveLength(TWO.length - ONE.length);
  });

  it('takes the cell away where nothing is left', () => {
    const made = notebook(ONE, 'print(1)');
    expect(applyEdit(made, { before: ONE, after: '' }).kind).toBe('applied');
    expect(sources(made)).toEqual(['print(1)']);
    expect(applyEdit(made, { before: ONE, after: '' }).kind).toBe('there');
  });

  it('keeps the code that stands beside the block', () => {
    const made = notebook(`${ONE}\nimport numpy`);
    applyEdit(made, { before: `${ONE}\nimport numpy`, after: 'import numpy' });
    expect(sources(made)).toEqual(['import numpy']);
    expect(applyEdit(made, { before: `${ONE}\nimport numpy`, after: 'import numpy' }).kind).toBe('there');
  });

  it.each([
    ['was edited meanwhile', [`${ONE}\n# mine`], ONE, `${ONE}\n# mine`],
    ['was deleted meanwhile', ['print(1)'], ONE, null],
    ['was made meanwhile', [ONE], null, ONE],
    ['is there twice', [ONE, ONE], ONE, `${ONE}\n${ONE}`]
  ])('touches nothing where the cell %s', (_name, cells, before, now) => {
    const made = notebook(...cells);
    expect(applyEdit(made, { before, after: TWO })).toEqual({ kind: 'other', now });
    expect(sources(made)).toEqual(cells);
  });

  it("does not mind another system's line ends", () => {
    const made = notebook(ONE);
    expect(applyEdit(made, { before: ONE.replace(/\n/g, '\r\n'), after: TWO }).kind).toBe('applied');
  });

  it('goes over everything where the user says so', () => {
    const made = notebook(`${ONE}\n# mine`, 'x');
    overwrite(made, TWO);
    expect(sources(made)).toEqual([TWO, 'x']);
    const gone = notebook('x');
    overwrite(gone, TWO);
    expect(sources(gone)).toEqual([TWO, 'x']);
  });

  it('tells what differs, line by line', () => {
    expect(difference(ONE, TWO)).toEqual(['+ #   "pandas",']);
    expect(difference(TWO, ONE)).toEqual(['- #   "pandas",']);
  });
});
