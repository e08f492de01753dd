import { describe, expect, it } from 'vitest';

import { banner } from './banner';
import { type Facts, status } from './status';
import { aJob, aProject, failed, trans } from '../testing/samples';
import type { HoldingState, RunningKernel } from '../model/wire';

function facts(changes: Partial<Facts> = {}): Facts {
  return {
    project: aProject(),
    problem: null,
    active: null,
    jobs: [],
    requestedNames: new Map(),
    dismissed: null,
    kernelKey: null,
    restart: [],
    starter: false,
    holding: null,
    connectionState: 'up',
    mismatch: '',
    kernel: { id: 'k1', name: 'dep' },
    ...changes
  };
}

const RUNNING: RunningKernel = { id: 'k1', path: '', holding: false, starter: false, key: 'key-1', moved_on: false };
const HELD: HoldingState = {
  state: 'building',
  headline: 'building 12 packages',
  progress: null,
  problem: null,
  steps: [],
  kept: 2,
  type: 'holding'
};
const PROBLEM = { code: 'bad-lock', message: 'the lock can not be read', hint: 'lock again', context: {}, steps: [] };

describe('the badge and the banner', () => {
  const cases: [string, Partial<Facts>, string, string | null][] = [
    ['in sync', {}, 'sync', null],
    ['not a project', { project: aProject({ state: 'none', lock: null }) }, 'none', null],
    ['not read yet', { project: null }, 'reading', null],
    ['changed', { project: aProject({ state: 'stale', wanted: ['httpx'] }) }, 'changed', 'stale'],
    ['never locked', { project: aProject({ state: 'unlocked', lock: null }) }, 'changed', 'stale'],
    ['not consented', { project: aProject({ trusted: false }) }, 'consent', 'consent'],
    [
      'consent before everything that follows from it',
      { project: aProject({ trusted: false, state: 'stale' }), restart: [['a', '1', '2']] },
      'consent',
      'consent'
    ],
    ['a kernel that asks for consent', { holding: { ...HELD, state: 'asking' } }, 'consent', 'consent'],
    ['conflict markers', { project: aProject({ state: 'unmerged' }) }, 'failed', 'problem'],
    ['a broken lock', { project: aProject({ state: 'invalid', problem: PROBLEM }) }, 'failed', 'problem'],
    ['a notebook that is gone', { problem: PROBLEM }, 'failed', 'problem'],
    ['a job that runs', { active: aJob() }, 'building', null],
    ['a kernel whose environment is built', { holding: HELD }, 'building', null],
    ['a kernel that will not start', { holding: { ...HELD, state: 'diagnosis', problem: PROBLEM } }, 'failed', 'holding'],
    ['a loaded package that differs', { restart: [['numpy', '1.26', '2.1']] }, 'restart', 'restart'],
    [
      'stale before restart',
      { project: aProject({ state: 'stale' }), restart: [['numpy', '1.26', '2.1']] },
      'changed',
      'stale'
    ],
    [
      'an environment that moved on',
      { project: aProject({ kernels: [{ ...RUNNING, moved_on: true }] }) },
      'restart',
      'restart'
    ],
    [
      'a kernel that followed it',
      { project: aProject({ kernels: [{ ...RUNNING, moved_on: true }] }), kernelKey: 'key-1' },
      'sync',
      null
    ],
    [
      'a kernel on another environment',
      { project: aProject({ kernels: [RUNNING] }), kernelKey: 'key-0' },
      'restart',
      'restart'
    ],
    ['another kernel', { kernel: { id: 'k2', name: 'python3' } }, 'wrong-kernel', 'wrong-kernel'],
    [
      "a folder project's own kernel",
      { kernel: { id: 'k1', name: 'dep-lab' }, project: aProject({ kernels: [RUNNING] }) },
      'sync',
      null
    ],
    [
      'another kernel of a notebook without a lock',
      { kernel: { id: 'k2', name: 'python3' }, project: aProject({ state: 'none', lock: null }) },
      'none',
      null
    ],
    ['a job that failed', { jobs: [failed(aJob(), 'no version fits')] }, 'failed', 'failed'],
    ['a failed check for updates', { jobs: [failed(aJob({ kind: 'outdated' }), 'index down')] }, 'sync', 'failed'],
    [
      'a failed add to a notebook that declares nothing',
      { project: aProject({ state: 'none', lock: null }), jobs: [failed(aJob(), 'no index answers')] },
      'failed',
      'failed'
    ],
    ['a failure that was dismissed', { jobs: [failed(aJob(), 'no version fits')], dismissed: 'j1' }, 'sync', null],
    ['a failure before work that runs now', { jobs: [failed(aJob(), 'x')], active: aJob({ id: 'j2' }) }, 'building', null],
    ['a deleted notebook', { problem: { ...PROBLEM, code: 'no-such-notebook' } }, 'failed', 'gone'],
    ['a server that is away', { connectionState: 'lost' }, 'offline', 'lost'],
    ['two versions', { connectionState: 'mismatch', mismatch: 'Reload the page.' }, 'offline', 'mismatch'],
    ['a server without us', { connectionState: 'absent', problem: PROBLEM }, 'offline', 'absent']
  ];
  it.each(cases)('%s', (_, changes, badge, shown) => {
    expect(status(facts(changes), trans).name).toBe(badge);
    expect(banner(facts(changes), trans)?.name ?? null).toBe(shown);
  });

  it('tells a failure with its hint as a sentence, and keeps the buttons of what it stands before', () => {
    const shown = banner(
      facts({ project: aProject({ state: 'stale' }), jobs: [failed(aJob(), 'no version fits', 'ask for `less`')] }),
      trans
    )!;
    expect(shown).toMatchObject({ text: 'No version fits', detail: 'Ask for `less`' });
    expect(shown.actions.map(one => one.action)).toEqual(['lock', 'dismiss']);
  });

  it('names what this page asked to add, and only the work where another one did', () => {
    const requestedNames = new Map([['j1', ['numba', 'a', 'b', 'evil\u202E']]]);
    expect(status(facts({ active: aJob(), requestedNames }), trans).title).toBe('Adding numba, a, b, …');
    expect(status(facts({ active: aJob({ id: 'j2' }), requestedNames }), trans).title).toBe('Adding packages');
  });

  it('counts what is built, by bytes where they are known', () => {
    const progress = { text: '', phase: 'downloading', done: 3, total: 12, bytes_done: 10, bytes_total: 40 };
    const { text, fraction } = status(facts({ active: aJob({ progress }) }), trans);
    expect(text).toBe('Building 3 of 12');
    expect(fraction).toBe(0.25);
  });

  it('says which loaded package differs, and of how many more', () => {
    const { text } = banner(
      facts({
        restart: [
          ['numpy', '1.26', '2.1'],
          ['a', '1', '2'],
          ['b', '1', '']
        ]
      }),
      trans
    )!;
    expect(text).toBe('numpy 1.26 → 2.1 is imported: restart to use it. 2 more have changed.');
  });

  it('shows no hidden character of a name', () => {
    const { text } = banner(facts({ project: aProject({ state: 'stale', wanted: ['nu\u202Empy', 'b', 'c', 'd'] }) }), trans)!;
    expect(text).toBe('Declared but not locked: nu\\u202empy, b, c, …');
  });

  it('has a sentence in every state', () => {
    for (const [, changes] of cases) {
      expect(status(facts(changes), trans).text).not.toBe('');
    }
  });
});
