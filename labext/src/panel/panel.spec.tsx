import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Actions } from '../ui/actions';
import { ProblemError } from '../model/client/problems';
import { aJob, aPackage, aProject, ended, failed, type IStage, stage, trans } from '../testing/samples';
import type { IDepProjects } from '../model/tokens';
import type { Hit, Project } from '../model/wire';
import { DepPanel, Packages } from './panel';

let root: Root;
let host: HTMLElement;
let set: IStage;

async function turn(time = 0): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(time);
  });
}

async function open(
  project: Partial<Project> = {},
  packages = [aPackage()],
  more: (made: IStage) => void = () => undefined
): Promise<void> {
  set = stage();
  set.server.said.project = aProject(project);
  set.server.said.packages = { path: '', packages };
  more(set);
  set.model.openPackages();
  const client = set.server.client;
  const { model } = set;
  await act(async () => {
    root.render(<Packages model={model} client={client} actions={new Actions(client, trans)} trans={trans} />);
    await vi.advanceTimersByTimeAsync(10);
  });
}

function find<T extends HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (found === null) {
    throw new Error(`nothing is ${selector} in ${host.innerHTML}`);
  }
  return found;
}

function button(words: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(
    one => one.textContent === words || one.getAttribute('aria-label') === words
  );
  if (found === undefined) {
    throw new Error(`no button says ${words}`);
  }
  return found;
}

async function click(node: HTMLElement): Promise<void> {
  await act(async () => node.click());
  await turn();
}

async function key(node: HTMLElement, name: string): Promise<void> {
  await act(async () => {
    node.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
  });
  await turn();
}

async function type(node: HTMLInputElement, text: string, wait = 100): Promise<void> {
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(node, text);
    node.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await turn(wait);
}

/** Types and presses Enter faster than the list can come. */
async function hurry(node: HTMLInputElement, text: string): Promise<void> {
  await type(node, text, 0);
  await key(node, 'Enter');
}

function hit(name: string, changes: Partial<Hit> = {}): Hit {
  return { name, summary: `about ${name}`, tier: 1, source: 'catalogue', near: '', ...changes };
}

/** Makes the server know these names. */
function knows(...hits: Hit[]): (made: IStage) => void {
  const near: Record<string, string> = { requsts: 'requests' };
  return ({ server }) => {
    const { client } = server;
    const search = vi.fn(async (words: string) => ({
      words,
      hits: hits.filter(one => one.name.startsWith(words)),
      full: false,
      near: near[words] ?? ''
    }));
    Object.defineProperty(server, 'client', { value: { ...client, connectionState: 'up', mismatch: '', search } });
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  host = document.createElement('div');
  document.body.append(host);
  root = createRoot(host);
  sessionStorage.clear();
});

afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
  vi.useRealTimers();
});

describe('what the panel shows', () => {
  it('has the notebook, its Python, age and size', async () => {
    await open();
    expect(find('h2').textContent).toBe('analysis.ipynb');
    expect(find<HTMLSelectElement>('select').value).toBe('3.12');
    expect(find('.jp-Dep-header').textContent).toContain('3 packages · 38 MB');
  });

  it('says whose packages they are where the notebook belongs to a folder', async () => {
    await open({ folder: 'study' });
    expect(find('[data-folder]').textContent).toBe('Shared by the notebooks of the folder “study”.');
    await open({ folder: null });
    expect(host.querySelector('[data-folder]')).toBeNull();
  });

  it('has a declared package with bound, version, size, and the cells that import it, counted from 1', async () => {
    await open({}, [aPackage({ name: 'pandas', version: '2.2.3', declared: true, size: 12_000_000, cells: [0, 3] })]);
    const row = find('[data-row="0"]');
    expect(row.textContent).toContain('pandas');
    expect(row.textContent).toContain('>=2');
    expect(row.textContent).toContain('2.2.3');
    expect(row.textContent).toContain('12 MB');
    await click(button('Go to cell 4'));
    expect(set.notebook.content.activeCellIndex).toBe(3);
  });

  it('greys what nobody imports, and says so', async () => {
    await open({}, [aPackage({ name: 'pandas', declared: true, unused: true })]);
    expect(find('[data-unused="true"]').textContent).toContain('not imported');
  });

  it('folds what came with them, and names through what', async () => {
    await open();
    expect(host.textContent).not.toContain('via pandas');
    await act(async () => {
      find<HTMLDetailsElement>('details').open = true;
      find('details').dispatchEvent(new Event('toggle'));
    });
    expect(find('details').textContent).toContain('numpy');
    expect(find('details').textContent).toContain('via pandas');
  });

  it('offers what is imported but not declared, once', async () => {
    const missing = [
      { module: 'sklearn', name: 'scikit-learn', cells: [1] },
      { module: 'pandas', name: 'pandas', cells: [1] },
      { module: 'own', name: '', cells: [2] }
    ];
    await open({ missing });
    expect(host.textContent).toContain('unknown package');
    expect(() => button('Add pandas')).toThrow();
    await click(button('Add scikit-learn'));
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['scikit-learn'] });
  });

  it('takes no markup and hides no character of a stranger', async () => {
    const name = 'a<img src=x onerror=alert(1)>\u202Eb';
    await open({ name, declared: [{ name, text: name, locked: '<b>1</b>' }], note: '<script>x</script>\u0007' }, [
      aPackage({ name, declared: true, summary: '<i>\u200B' })
    ]);
    expect(host.querySelector('img, script, b, i')).toBeNull();
    expect(host.textContent).toContain('a<img src=x onerror=alert(1)>\\u202eb');
    expect(host.textContent).toContain('<script>x</script>\\u0007');
    expect(host.innerHTML).not.toMatch(/[\u202E\u200B\u0007]/);
  });

  it('shows some of 2,000 packages, more when asked, and finds the rest', async () => {
    const declared = Array.from({ length: 2000 }, (_, at) => ({ name: `p${at}`, text: `p${at}`, locked: '1' }));
    await open(
      { declared },
      declared.map(one => aPackage({ name: one.name, declared: true }))
    );
    expect(host.querySelectorAll('[data-row]')).toHaveLength(100);
    await click(button('Show 200 more of 1900'));
    expect(host.querySelectorAll('[data-row]')).toHaveLength(300);
    await type(find<HTMLInputElement>('.jp-Dep-filter'), 'P1999');
    expect([...host.querySelectorAll('.jp-Dep-name')].map(one => one.textContent)).toEqual(['p1999']);
  });

  it('has one banner, whose button does what it says', async () => {
    await open({ trusted: false, state: 'stale' });
    const asked = vi.fn();
    set.model.consentRequested.connect(asked);
    expect(host.querySelectorAll('.jp-Dep-banner')).toHaveLength(1);
    await click(button('Review and decide…'));
    expect(asked).toHaveBeenCalledOnce();
  });

  it('shows work with its progress, and cancels it', async () => {
    await open();
    const progress = {
      text: 'downloading 3 of 12',
      phase: 'downloading',
      done: 3,
      total: 12,
      bytes_done: 0,
      bytes_total: null
    };
    await act(async () => set.model.onJob(aJob({ progress })));
    await turn();
    expect(find('[role=progressbar]').getAttribute('aria-valuenow')).toBe('25');
    await click(button('Cancel: Adding packages'));
    expect(set.server.asked).toContain('cancel j1');
    expect(host.querySelector('[role=progressbar]')).toBeNull();
  });

  it("cancels a kernel's build by interrupting the kernel", async () => {
    await open();
    await act(async () =>
      set.model.setHolding({
        state: 'building',
        headline: 'building 3 packages',
        progress: null,
        problem: null,
        steps: [],
        kept: 2,
        type: 'holding'
      })
    );
    await turn();
    expect(host.textContent).toContain('2 cells wait.');
    await click(button('Cancel: Building 3 packages'));
    expect(set.notebook.interrupts).toEqual(['k1']);
  });

  it('keeps a log, with why something failed and what to do', async () => {
    await open();
    await act(async () => {
      set.model.onJob(failed(aJob({ id: 'j1' }), 'no version of x fits', 'ask for less'));
      set.model.onJob(ended(aJob({ id: 'j2', created: '2026-11-03T00:00:00Z' })));
    });
    await turn();
    const entries = [...host.querySelectorAll('.jp-Dep-entry')].map(one => one.textContent);
    expect(entries[0]).toContain('Added');
    expect(entries[1]).toContain('No version of x fits');
    expect(entries[1]).toContain('Ask for less');
  });

  it('says why nothing can be pressed, and presses nothing', async () => {
    await open({ writable: false, undo: 'add x' });
    const undo = button('Undo “add x”');
    expect(undo.getAttribute('aria-disabled')).toBe('true');
    expect(undo.title).toBe('The notebook is read-only.');
    await click(undo);
    await key(find('[data-row="0"]'), 'Delete');
    expect(set.server.started).toEqual([]);
  });

  it('begins from what a notebook imports', async () => {
    await open({ state: 'none', lock: null, declared: [], python: null });
    await click(button('Declare imported packages'));
    expect(set.server.started[0]).toMatchObject({ kind: 'init', imports: true });
  });
});

describe('what went wrong', () => {
  it('is told with its hint over the panel, until it is dismissed', async () => {
    await open({ state: 'none', lock: null, declared: [], python: null });
    await act(async () => set.model.onJob(failed(aJob(), 'no index knows `x`', 'check the `index`')));
    await turn(20);
    const shown = find('[data-banner="failed"]');
    expect(shown.textContent).toContain('No index knows xCheck the index');
    expect([...shown.querySelectorAll('code')].map(one => one.textContent)).toEqual(['x', 'index']);
    await click(button('Dismiss'));
    expect(host.querySelector('.jp-Dep-banner')).toBeNull();
  });

  it('invites nobody to declare something in a file that is gone', async () => {
    await open({ state: 'none', lock: null, declared: [], python: null });
    const gone = { code: 'no-such-notebook', message: 'there is no such notebook', hint: 'make one', context: {}, steps: [] };
    set.server.said.project = new ProblemError(gone, 404);
    await act(async () => set.model.refresh());
    await turn(20);
    expect(find('[data-banner="gone"]').textContent).toContain('Save the notebook to write it again.');
    expect(() => button('Declare imported packages')).toThrow();
  });

  it('does not hide what is added: the work names it', async () => {
    await open();
    void set.model.run({ kind: 'add', names: ['numba'] });
    await turn(20);
    expect(find('.jp-Dep-work strong').textContent).toBe('Adding numba');
  });
});

describe('the panel at the side', () => {
  it.each([
    ['has the focus in its box, even if Lab gives it back to the notebook after the command', false],
    ['leaves the focus to the notebook where the mouse was pressed after the command', true]
  ])('%s', async (_, pressed) => {
    set = stage();
    const signal = new Signal<object, never>({});
    const projects = { client: set.server.client, current: set.model, currentChanged: signal, added: signal, open: [] };
    const panel = new DepPanel(projects as unknown as IDepProjects, new Actions(set.server.client, trans), trans);
    const cell = document.createElement('textarea');
    document.body.append(cell);
    await act(async () => {
      Widget.attach(panel, document.body);
      await vi.advanceTimersByTimeAsync(50);
    });
    panel.takeFocus();
    await turn(10);
    if (pressed) {
      cell.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    }
    cell.focus();
    await turn(400);
    expect(document.activeElement?.getAttribute('role') ?? 'cell').toBe(pressed ? 'cell' : 'combobox');
    await act(async () => panel.dispose());
    cell.remove();
  });
});

describe('newer versions', () => {
  it('are marked after they were asked for, and taken one by one or all together', async () => {
    await open();
    await click(button('Check for updates'));
    expect(set.server.started[0]).toMatchObject({ kind: 'outdated' });
    await act(async () =>
      set.model.onJob(ended(aJob({ kind: 'outdated' }), { packages: [{ name: 'pandas', latest: '3.0' }] }))
    );
    await turn(20);
    set.server.said.job = aJob({ id: 'j2' });
    await click(button('Update pandas to 3.0'));
    expect(set.server.started[1]).toMatchObject({ kind: 'update', names: ['pandas'] });
    expect(() => button('Update all')).not.toThrow();
  });
});

describe('the keyboard', () => {
  const declared = ['a', 'b', 'c'].map(name => ({ name, text: `${name}>=1`, locked: '1' }));

  it('moves through the rows with one stop for Tab', async () => {
    await open({ declared });
    const rows = [...host.querySelectorAll<HTMLElement>('[data-row]')];
    expect(rows.map(one => one.tabIndex)).toEqual([0, -1, -1]);
    rows[0]!.focus();
    await key(rows[0]!, 'ArrowDown');
    expect(document.activeElement).toBe(rows[1]);
    expect(rows.map(one => one.tabIndex)).toEqual([-1, 0, -1]);
    await key(rows[1]!, 'End');
    expect(document.activeElement).toBe(rows[2]);
    await key(rows[2]!, 'ArrowDown');
    expect(document.activeElement).toBe(rows[2]);
  });

  it('edits a bound with Enter, and leaves with Escape as it was', async () => {
    await open({ declared });
    const row = find('[data-row="1"]');
    row.focus();
    await key(row, 'Enter');
    const input = find<HTMLInputElement>('[data-row="1"] input');
    expect(input.value).toBe('>=1');
    await type(input, '>=2');
    await key(input, 'Escape');
    expect(set.server.started).toEqual([]);
    expect(document.activeElement).toBe(row);
    await key(row, 'Enter');
    await type(find<HTMLInputElement>('[data-row="1"] input'), '2.5');
    await key(find('[data-row="1"] input'), 'Enter');
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['b==2.5'] });
  });

  it('says what an empty bound would need', async () => {
    await open({ declared });
    await key(find('[data-row="0"]'), 'Enter');
    await type(find<HTMLInputElement>('[data-row="0"] input'), ' ');
    await key(find('[data-row="0"] input'), 'Enter');
    expect(find('[role=alert]').textContent).toContain('remove the package');
    expect(set.server.started).toEqual([]);
  });

  it('removes with Delete', async () => {
    await open({ declared });
    await key(find('[data-row="2"]'), 'Delete');
    expect(set.server.started[0]).toMatchObject({ kind: 'remove', names: ['c'] });
  });
});

describe('the search box', () => {
  const box = (): HTMLInputElement => find<HTMLInputElement>('[role=combobox]');

  it('lists what is known, and adds the one that is picked', async () => {
    await open({}, [], knows(hit('numpy'), hit('numba')));
    await type(box(), 'num');
    expect(box().getAttribute('aria-expanded')).toBe('true');
    await key(box(), 'ArrowDown');
    await key(box(), 'ArrowDown');
    expect(box().getAttribute('aria-activedescendant')).toBe('jp-Dep-hit-1');
    await key(box(), 'Enter');
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['numba'] });
  });

  it('adds a known name with its bound by Enter alone', async () => {
    await open({}, [], knows(hit('numpy')));
    await type(box(), 'numpy>=2');
    await key(box(), 'Enter');
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['numpy>=2'] });
  });

  it('carries out an Enter that comes before the list, once it has come', async () => {
    await open({}, [], knows(hit('numpy')));
    await hurry(box(), 'numpy');
    expect(set.server.started).toEqual([]);
    await turn(100);
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['numpy'] });
    expect(set.server.asked.some(one => one.startsWith('details'))).toBe(false);
  });

  it('looks first at an unknown name, also when Enter comes before the list', async () => {
    await open({}, [], knows());
    await hurry(box(), 'requsts');
    await turn(100);
    expect(host.textContent).toContain('one letter from the well-known package “requests”');
    expect(set.server.started).toEqual([]);
  });

  it('forgets a hurried Enter when somebody goes on typing', async () => {
    await open({}, [], knows(hit('numpy'), hit('numpydoc')));
    await hurry(box(), 'numpy');
    await type(box(), 'numpydoc');
    await turn(100);
    expect(set.server.started).toEqual([]);
  });

  it('asks the index only on Enter, and adds an unknown name only after it was looked at', async () => {
    await open({}, [], knows());
    await type(box(), 'mypackage>=1');
    expect(set.server.asked.some(one => one.startsWith('details'))).toBe(false);
    expect(host.textContent).toContain('Press Enter to look it up in the index');
    await key(box(), 'Enter');
    await turn();
    expect(set.server.asked).toContain('details mypackage');
    expect(set.server.started).toEqual([]);
    await click(button('Add'));
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['mypackage>=1'] });
  });

  it('knows what an unknown name looks like before the index has answered', async () => {
    await open({}, [], knows());
    await type(box(), 'requsts');
    await key(box(), 'Enter');
    expect(host.textContent).toContain('one letter from the well-known package “requests”');
    expect(set.server.started).toEqual([]);
  });

  it('shows first what looks like a well-known name', async () => {
    await open({}, [], knows(hit('numpi', { near: 'numpy', tier: 0, source: 'index' })));
    await type(box(), 'numpi');
    expect(host.textContent).toContain('not numpy');
    await key(box(), 'Enter');
    expect(set.server.started).toEqual([]);
    expect(host.textContent).toContain('one letter from the well-known package “numpy”');
  });

  it('takes a pasted install line, and shows what it leaves out', async () => {
    await open();
    await type(box(), 'pip install "httpx>=0.27" rich --index-url http://index.example');
    expect(host.textContent).toContain('Adds 2 packages: httpx>=0.27, rich');
    expect(host.textContent).toContain('Ignored: --index-url http://index.example');
    await key(box(), 'Enter');
    expect(set.server.started[0]).toMatchObject({ kind: 'add', names: ['httpx>=0.27', 'rich'] });
    expect(box().value).toBe('');
  });

  it('gives back what was typed when it could not be added', async () => {
    await open({}, [], knows(hit('numpy')));
    await type(box(), 'numpy');
    await key(box(), 'Enter');
    await act(async () => set.model.onJob(failed(aJob(), 'no version fits')));
    await turn();
    expect(box().value).toBe('numpy');
  });

  it('is emptied by Escape', async () => {
    await open({}, [], knows(hit('numpy')));
    await type(box(), 'num');
    await key(box(), 'Escape');
    expect(box().value).toBe('');
    expect(host.querySelector('[role=option]')).toBeNull();
  });

  it('asks nothing while nothing but words of a command are typed', async () => {
    await open({}, [], knows(hit('pip')));
    const { search } = set.server.client;
    await type(box(), 'pip install ');
    expect(search).not.toHaveBeenCalled();
  });
});
