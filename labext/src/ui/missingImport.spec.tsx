import { Dialog } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, describe, expect, it } from 'vitest';

import { type IPackageAdder, type ICellLocation, MissingImportNote, missingRenderer, parseMissing } from './missingImport';
import { trans } from '../testing/samples';
import { type Hit, MISSING_MIME } from '../model/wire';

const PLACE = {} as ICellLocation;
const HIT: Hit = { name: 'scikit-learn', summary: 'Machine learning', tier: 1, source: 'catalogue', near: '' };

class FakeAdder implements IPackageAdder {
  constructor(private readonly _told: { place?: ICellLocation | null; hit?: Hit | null; wrong?: string } = {}) {}

  readonly added: string[] = [];

  async fix(_: ICellLocation, kind: string): Promise<string> {
    this.added.push(kind);
    return this._told.wrong ?? '';
  }

  place(): ICellLocation | null {
    return this._told.place === undefined ? PLACE : this._told.place;
  }

  async know(): Promise<Hit | null> {
    return this._told.hit === undefined ? HIT : this._told.hit;
  }

  async add(_: ICellLocation, name: string): Promise<string> {
    this.added.push(name);
    return this._told.wrong ?? '';
  }
}

interface IBundle {
  names?: unknown;
  fix?: unknown;
  text?: string;
  trusted?: boolean;
}

const open: Widget[] = [];

async function rendered(adder: IPackageAdder, bundle: IBundle = {}): Promise<MissingImportNote> {
  const note = new MissingImportNote(adder, trans);
  open.push(note);
  const model = {
    trusted: bundle.trusted ?? true,
    data: {
      'text/plain': bundle.text ?? '`sklearn` comes with `scikit-learn`',
      [MISSING_MIME]: { module: 'sklearn', names: bundle.names ?? ['scikit-learn'], fix: bundle.fix ?? '' }
    },
    metadata: {}
  } as unknown as IRenderMime.IMimeModel;
  await act(async () => {
    Widget.attach(note, document.body);
    await note.renderModel(model);
    MessageLoop.flush();
  });
  return note;
}

const buttons = (note: Widget): HTMLButtonElement[] => [...note.node.querySelectorAll('button')];

async function pressed(note: Widget): Promise<HTMLElement> {
  await act(async () => buttons(note)[0]!.click());
  const dialog = await found();
  return dialog;
}

async function found(): Promise<HTMLElement> {
  for (let turn = 0; turn < 100; turn++) {
    const dialog = document.querySelector<HTMLElement>('.jp-Dialog');
    if (dialog?.contains(document.activeElement)) {
      return dialog;
    }
    await act(async () => new Promise(resolve => setTimeout(resolve, 5)));
  }
  throw new Error('no dialog');
}

async function answered(dialog: HTMLElement, label: string): Promise<void> {
  await act(async () => {
    [...dialog.querySelectorAll('button')].find(one => one.textContent === label)!.click();
    await new Promise(resolve => setTimeout(resolve, 20));
  });
}

afterEach(async () => {
  await act(async () => {
    Dialog.flush();
    open.splice(0).forEach(one => one.dispose());
  });
});

describe('the note of a missing import', () => {
  it('comes before its HTML, also where the output is not trusted', () => {
    const factory = missingRenderer(new FakeAdder(), trans);
    expect([factory.safe, factory.mimeTypes, factory.defaultRank! < 50]).toEqual([true, [MISSING_MIME], true]);
  });

  it('is the same sentence with a button', async () => {
    const note = await rendered(new FakeAdder());
    expect(note.node.querySelector('p')?.textContent).toBe('sklearn comes with scikit-learn');
    expect(buttons(note).map(one => one.textContent)).toEqual(['Add scikit-learn and run again']);
  });

  it.each([
    ['in an output that is not trusted', {}, { trusted: false }],
    ['without a live kernel of ours', { place: null }, {}],
    ['without a name', {}, { names: [] }],
    ['where the names are none', {}, { names: ['<img src=x onerror=alert(1)>', '../x', 'a b', '', 7] }]
  ])('is text alone %s', async (_name, told, bundle) => {
    const note = await rendered(new FakeAdder(told), bundle);
    expect(note.node.textContent).toBe('sklearn comes with scikit-learn');
    expect(buttons(note)).toEqual([]);
  });

  it.each([
    ['lock', 'Lock and run again'],
    ['sync', 'Switch and run again'],
    ['restart', 'Restart kernel']
  ])('offers what brings a declared package: %s', async (fix, label) => {
    const adder = new FakeAdder({ wrong: 'no' });
    const note = await rendered(adder, { names: [], fix });
    expect(buttons(note).map(one => one.textContent)).toEqual([label]);
    await act(async () => buttons(note)[0]!.click());
    expect(adder.added).toEqual([fix]);
    expect(note.node.querySelector('[role="status"]')?.textContent).toBe('no');
  });

  it('shows what a stranger wrote as text', async () => {
    const note = await rendered(new FakeAdder(), { text: '<img src=x>\u202e', trusted: false });
    expect(note.node.querySelector('img')).toBeNull();
    expect(note.node.textContent).toBe('<img src=x>\\u202e');
  });

  it('offers a choice of several', async () => {
    const adder = new FakeAdder();
    const note = await rendered(adder, { names: ['opencv-python', 'opencv-python-headless'] });
    const choice = note.node.querySelector('select')!;
    expect([...choice.options].map(one => one.value)).toEqual(['opencv-python', 'opencv-python-headless']);
    await act(async () => {
      choice.value = 'opencv-python-headless';
      choice.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await answered(await pressed(note), 'Add and run again');
    expect(adder.added).toEqual(['opencv-python-headless']);
  });
});

describe('the button', () => {
  it('asks, shows what is known, and adds on a yes', async () => {
    const adder = new FakeAdder();
    const dialog = await pressed(await rendered(adder));
    expect(dialog.textContent).toContain('Machine learning');
    expect(document.activeElement?.textContent).toBe('Add and run again');
    expect(adder.added).toEqual([]);
    await answered(dialog, 'Add and run again');
    expect(adder.added).toEqual(['scikit-learn']);
  });

  it('adds nothing on a no', async () => {
    const adder = new FakeAdder();
    const note = await rendered(adder);
    await answered(await pressed(note), 'Cancel');
    expect(adder.added).toEqual([]);
    expect(buttons(note)[0]!.disabled).toBe(false);
  });

  it.each([
    ['nobody has heard of', null, 'scikit-learn is not a known package'],
    ['is near a known one', { ...HIT, near: 'scikit-learn' }, 'this is not the well-known package scikit-learn']
  ])('warns of a name that %s, and begins on the way out', async (_name, hit, words) => {
    const dialog = await pressed(await rendered(new FakeAdder({ hit })));
    expect(dialog.querySelector('.jp-Dep-warn')?.textContent).toContain(words);
    expect(document.activeElement?.textContent).toBe('Cancel');
  });

  it('says what went wrong beside itself', async () => {
    const note = await rendered(new FakeAdder({ wrong: 'No version fits. Loosen the bound' }));
    await answered(await pressed(note), 'Add and run again');
    expect(note.node.querySelector('[role=status]')?.textContent).toBe('No version fits. Loosen the bound');
    expect(buttons(note)[0]!.disabled).toBe(false);
  });
});

describe('the bundle', () => {
  it.each([
    [{ module: 'x', names: ['a', 'a', 'B.c_d-e'] }, ['a', 'B.c_d-e']],
    [{ module: 'x', names: Array.from({ length: 50 }, (_, at) => `p${at}`) }, ['p0', 'p1', 'p2', 'p3', 'p4']],
    [{ module: 'x', names: ['-a', 'a-', 'ä', 'a'.repeat(65), 'a\nb'] }, []]
  ])('keeps possible names: %#', (data, names) => {
    expect(parseMissing(data)?.names).toEqual(names);
  });

  it.each([[null], ['x'], [{ module: 3, names: [] }], [{ module: 'x', names: 'numpy' }]])('is dropped otherwise: %o', data => {
    expect(parseMissing(data)).toBeNull();
  });
});
