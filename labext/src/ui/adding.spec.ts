import { describe, expect, it, vi } from 'vitest';

import { PackageAdder } from './adding';
import type { ICellLocation } from './missingImport';
import { FakeServer, FakeSettings } from '../testing/samples';
import type { Hit } from '../model/wire';

// it wants a whole editor, of which nothing is looked at here
vi.mock('@jupyterlab/notebook', () => ({ NotebookActions: {} }));

const HIT: Hit = { name: 'requests', summary: 'HTTP', tier: 1, source: 'catalogue', near: '' };

async function known(name: string, hits: Hit[], near: string): Promise<Hit | null> {
  const client = { ...new FakeServer().client, search: async (words: string) => ({ words, hits, full: false, near }) };
  const projects = { client, get: () => ({ path: 'n.ipynb' }) };
  const adder = new PackageAdder(projects as never, {} as never, {} as never, {} as never, {} as never, new FakeSettings());
  return adder.know({ panel: {} } as ICellLocation, name);
}

describe('what is known of a name that a note offers', () => {
  it('is the hit of exactly that name, however it is written', async () => {
    expect(await known('Requests', [HIT], '')).toBe(HIT);
  });

  it('is, of an unknown one, what it looks like', async () => {
    expect(await known('requsts', [HIT], 'requests')).toMatchObject({ name: 'requsts', near: 'requests', summary: '' });
  });

  it('is nothing where nothing is', async () => {
    expect(await known('qqq', [HIT], '')).toBeNull();
  });
});

describe('the offer below a failed import', () => {
  it('is made only where the settings say so', () => {
    const node = document.createElement('div');
    const cell = { node };
    const panel = { content: { node, widgets: [cell] } };
    const tracker = { find: () => panel };
    const links = { get: () => ({ ours: true }) };
    const settings = new FakeSettings({ offerMissingImports: false });
    const projects = { get: () => ({}) };
    const adder = new PackageAdder(projects as never, links as never, tracker as never, {} as never, {} as never, settings);
    expect(adder.place(node)).toBeNull();
    settings.change({ offerMissingImports: true });
    expect(adder.place(node)).toEqual({ panel, cell });
  });
});
