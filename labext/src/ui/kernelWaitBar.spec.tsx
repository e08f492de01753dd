import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { act } from 'react';
import { afterEach, describe, expect, it } from 'vitest';

import { KernelWaitBar } from './kernelWaitBar';
import { aHolding } from '../testing/kernels';
import { settle, stage, trans } from '../testing/samples';
import type { INotebookProject } from '../model/tokens';
import type { HoldingState } from '../model/wire';

const open: Widget[] = [];
afterEach(async () => act(async () => open.splice(0).forEach(one => one.dispose())));

interface IScene {
  bar: KernelWaitBar;
  done: string[];
  project: INotebookProject;
  hold: (state: HoldingState | null) => Promise<void>;
}

async function scene(): Promise<IScene> {
  const { model } = stage();
  await settle();
  const done: string[] = [];
  const act_ = (what: string) => () => void done.push(what);
  model.consentRequested.connect(act_('consent'));
  const bar = new KernelWaitBar(model, { cancel: act_('cancel'), again: act_('again'), lock: act_('lock') }, trans);
  open.push(bar);
  await act(async () => {
    Widget.attach(bar, document.body);
    MessageLoop.flush();
  });
  const hold = async (state: HoldingState | null): Promise<void> =>
    act(async () => {
      model.setHolding(state);
      await settle();
      MessageLoop.flush();
    });
  return { bar, done, project: model, hold };
}

const labels = (bar: KernelWaitBar): string[] => [...bar.node.querySelectorAll('button')].map(one => one.textContent!);

async function press(bar: KernelWaitBar, label: string): Promise<void> {
  await act(async () => [...bar.node.querySelectorAll('button')].find(one => one.textContent === label)!.click());
}

function stopped(code: string, changes: Partial<HoldingState> = {}): HoldingState {
  const problem = { code, message: 'the lock is damaged', hint: '', context: {}, steps: [] };
  return aHolding({ state: 'diagnosis', problem, steps: ['run `jupyter dep lock`', 'restart the kernel'], ...changes });
}

describe('the bar over a notebook', () => {
  it('takes no room while the kernel is there', async () => {
    const { bar, hold } = await scene();
    expect(bar.isHidden).toBe(true);
    await hold(aHolding());
    expect(bar.isHidden).toBe(false);
    await hold(aHolding({ state: 'ready' }));
    expect(bar.isHidden).toBe(true);
    expect(bar.node.textContent).toBe('');
  });

  it('shows how far a build is, how many cells wait, and Cancel', async () => {
    const { bar, done, hold } = await scene();
    const progress = {
      text: 'downloading 3 of 12',
      phase: 'downloading',
      done: 3,
      total: 12,
      bytes_done: 0,
      bytes_total: null
    };
    await hold(aHolding({ headline: 'building the environment', progress, kept: 2 }));
    expect(bar.node.textContent).toBe('Building the environmentdownloading 3 of 122 cells waitCancel');
    expect(bar.node.querySelector('progress')).toMatchObject({ value: 0.25, max: 1 });
    await press(bar, 'Cancel');
    expect(done).toEqual(['cancel']);
  });

  it('moves where nothing is counted', async () => {
    const { bar, hold } = await scene();
    await hold(aHolding());
    expect(bar.node.querySelector('progress')?.hasAttribute('value')).toBe(false);
  });

  it('says why there is no kernel, what to do, and does it', async () => {
    const { bar, done, hold } = await scene();
    await hold(stopped('bad-lock'));
    expect([...bar.node.querySelectorAll('li')].map(one => one.textContent)).toEqual([
      'Run jupyter dep lock',
      'Restart the kernel'
    ]);
    expect(bar.node.querySelector('[role=status]')?.textContent).toContain('The lock is damaged');
    expect(labels(bar)).toEqual(['Lock', 'Try again']);
    await press(bar, 'Lock');
    await press(bar, 'Try again');
    expect(done).toEqual(['lock', 'again']);
  });

  it('offers no lock where that does not help', async () => {
    const { bar, hold } = await scene();
    await hold(stopped('network'));
    expect(labels(bar)).toEqual(['Try again']);
  });

  it.each([
    ['a refusal', stopped('consent-missing')],
    ['a question', aHolding({ state: 'asking', headline: 'this lock is a stranger’s', kept: 1 })]
  ])('leads from %s to the dialog, and nowhere past it', async (_name, state) => {
    const { bar, done, hold } = await scene();
    await hold(state);
    expect(labels(bar)).toEqual(['Review and decide…', 'Try again']);
    await press(bar, 'Review and decide…');
    expect(done).toEqual(['consent']);
  });

  it('shows what comes from elsewhere as text', async () => {
    const { bar, hold } = await scene();
    await hold(stopped('x', { problem: { code: 'x', message: '<b>no</b>\u202e', hint: '', context: {}, steps: [] } }));
    expect(bar.node.querySelector('b')).toBeNull();
    expect(bar.node.textContent).toContain('<b>no</b>\\u202e');
  });
});
