import { act } from 'react';
import { afterEach, describe, expect, it } from 'vitest';

import { trans } from '../testing/samples';
import type { ConsentPage } from '../model/wire';
import { ConsentDialog } from './dialog';

const PAGE: ConsentPage = {
  path: 'work/analysis.ipynb',
  fingerprint: 'abc123',
  given: false,
  python: '3.12',
  artifacts: [
    { name: 'numpy', version: '2.1', size: 16_000_000, host: 'files.index.example', kind: 'wheel' },
    { name: '<b>evil</b>\u202e', version: '1', size: 0, host: 'stranger.example', kind: 'sdist' }
  ],
  size: 16_000_000,
  unusual: [
    { item: 'build:evil', kind: 'build', words: 'runs the build program of `evil`', given: false },
    { item: 'host:stranger.example', kind: 'host', words: 'fetches files from stranger.example', given: false },
    { item: 'build:old', kind: 'build', words: 'runs the build program of `old`', given: true }
  ],
  before: '2026-11-01T00:00:00Z',
  added: ['evil'],
  removed: ['six'],
  changed: [['numpy', '1.26', '2.1']]
};

const open: ConsentDialog[] = [];

async function shown(page = PAGE, note = ''): Promise<{ dialog: ConsentDialog; answer: ReturnType<ConsentDialog['launch']> }> {
  const dialog = new ConsentDialog(page, note, trans);
  open.push(dialog);
  let answer!: ReturnType<ConsentDialog['launch']>;
  await act(async () => {
    answer = dialog.launch();
    answer.catch(() => undefined); // disposed at the end of the test
    await dialog.ready;
  });
  return { dialog, answer };
}

function button(dialog: ConsentDialog, label: string): HTMLButtonElement {
  return [...dialog.node.querySelectorAll('button')].find(one => one.textContent === label)!;
}

async function tick(dialog: ConsentDialog, at: number): Promise<void> {
  await act(async () => dialog.node.querySelectorAll<HTMLInputElement>('input[type=checkbox]')[at]!.click());
}

afterEach(async () => act(async () => open.splice(0).forEach(dialog => dialog.dispose())));

describe('the consent dialog', () => {
  it('shows what would come, from where, what is unusual, and what is new', async () => {
    const { dialog } = await shown();
    const text = dialog.node.textContent!;
    for (const words of [
      'analysis.ipynb',
      '2 packages, 16 MB',
      'files.index.example, stranger.example',
      '3.12',
      'Runs the build program of evil',
      'Fetches files from stranger.example',
      'added: evil',
      'removed: six',
      'changed: numpy 1.26 → 2.1',
      'Already allowed: runs the build program of old',
      'abc123'
    ]) {
      expect(text).toContain(words);
    }
  });

  it('begins on the way out', async () => {
    const { dialog } = await shown();
    expect(document.activeElement).toBe(button(dialog, 'Open without installing'));
  });

  it('has every unusual thing unticked, and allows only when each is ticked', async () => {
    const { dialog } = await shown();
    const boxes = [...dialog.node.querySelectorAll<HTMLInputElement>('input[type=checkbox]')];
    expect(boxes.map(box => box.checked)).toEqual([false, false]);
    expect(button(dialog, 'Allow').disabled).toBe(true);
    await tick(dialog, 0);
    expect(button(dialog, 'Allow').disabled).toBe(true);
    await tick(dialog, 1);
    expect(button(dialog, 'Allow').disabled).toBe(false);
    await tick(dialog, 0);
    expect(button(dialog, 'Allow').disabled).toBe(true);
  });

  it('answers with what was ticked', async () => {
    const { dialog, answer } = await shown();
    await tick(dialog, 0);
    await tick(dialog, 1);
    await act(async () => button(dialog, 'Allow').click());
    const { button: pressed, value } = await answer;
    expect([pressed.accept, value]).toEqual([true, ['build:evil', 'host:stranger.example']]);
  });

  it('does not take a yes that gets past the button', async () => {
    const { dialog, answer } = await shown();
    let over = false;
    void answer.then(
      () => (over = true),
      () => undefined
    );
    await tick(dialog, 0);
    button(dialog, 'Allow').disabled = false;
    await act(async () => button(dialog, 'Allow').click());
    dialog.resolve(1);
    await act(async () => undefined);
    expect(over).toBe(false);
  });

  it.each(['Escape', 'Enter'])('is left without by %s', async key => {
    const { dialog, answer } = await shown();
    await act(async () => dialog.node.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
    expect((await answer).button.accept).toBe(false);
  });

  it('allows at once where nothing is unusual', async () => {
    const { dialog } = await shown({ ...PAGE, unusual: [] });
    expect(button(dialog, 'Allow').disabled).toBe(false);
  });

  it("shows strangers' names as text, with what is hidden in them", async () => {
    const { dialog } = await shown();
    await act(async () => {
      const details = dialog.node.querySelector('details')!;
      details.open = true;
      details.dispatchEvent(new Event('toggle'));
    });
    expect(dialog.node.querySelector('b')).toBeNull();
    expect(dialog.node.textContent).toContain('<b>evil</b>\\u202e');
  });

  it('says why it asks once more', async () => {
    const { dialog } = await shown(PAGE, 'The lock has changed since it was shown');
    expect(dialog.node.querySelector('[role=alert]')?.textContent).toBe('The lock has changed since it was shown');
  });
});
