import { describe, expect, it } from 'vitest';

import { isDepKernel, KernelComm, parse } from './comm';
import { aHolding, aSwitch, FakeKernel } from '../../testing/kernels';
import type { CommOut } from '../wire';

const HOLDS = { holds: true, block: '# /// script', path: 'n.ipynb' };

function line(kernel = new FakeKernel()): { kernel: FakeKernel; made: KernelComm; heard: CommOut[]; replaced: () => number } {
  const made = new KernelComm(kernel.connection);
  const heard: CommOut[] = [];
  let times = 0;
  made.heard.connect((_, message) => void heard.push(message));
  made.replaced.connect(() => void times++);
  return { kernel, made, heard, replaced: () => times };
}

describe('the line to a kernel', () => {
  it('announces, tells and orders on one comm, and says nothing before it has announced itself', () => {
    const { kernel, made } = line();
    made.tell(HOLDS);
    made.order(aSwitch());
    expect(kernel.sent).toEqual([]);
    made.announce(HOLDS);
    made.tell({ ...HOLDS, block: null });
    made.order(aSwitch());
    expect(kernel.sent.map(({ type }) => type)).toEqual(['comm_open', 'comm_msg', 'comm_msg']);
    expect(new Set(kernel.sent.map(({ comm }) => comm)).size).toBe(1);
    expect(kernel.sent.map(({ data }) => data)).toEqual([
      HOLDS,
      { ...HOLDS, block: null },
      { type: 'switch', switch: aSwitch() }
    ]);
    made.announce(HOLDS);
    expect(new Set(kernel.sent.map(({ comm }) => comm)).size).toBe(2);
  });

  it('hears what is meant for it', () => {
    const { kernel, heard } = line();
    kernel.tell({ type: 'carried', verb: 'add' });
    kernel.tell({ type: 'carried', verb: 'add' }, 'jupyter.widget');
    kernel.tell({ type: 'unheard-of' });
    expect(heard).toEqual([{ type: 'carried', verb: 'add' }]);
  });

  it('serves two views of one notebook', () => {
    const kernel = new FakeKernel();
    const [one, other] = [line(kernel), line(kernel)];
    kernel.tell({ type: 'carried', verb: 'add' });
    expect([one.heard.length, other.heard.length]).toEqual([1, 1]);
  });

  it('notices that another process answers, and does not take the server for one', () => {
    const { kernel, replaced } = line();
    kernel.say('status', { execution_state: 'idle' });
    kernel.say('status', { execution_state: 'restarting' }, 'the server');
    kernel.say('status', { execution_state: 'idle' });
    expect(replaced()).toBe(0);
    kernel.say('status', { execution_state: 'busy' }, 'process-2');
    kernel.say('status', { execution_state: 'idle' }, 'process-2');
    expect(replaced()).toBe(1);
  });

  it('closes its comm when it lets go, unless the kernel is gone', () => {
    const { kernel, made } = line();
    made.announce(HOLDS);
    made.dispose();
    expect(kernel.last?.type).toBe('comm_close');
    expect(kernel.targets.size).toBe(0);
    const gone = line();
    gone.made.announce(HOLDS);
    gone.kernel.status = 'dead';
    gone.made.dispose();
    expect(gone.kernel.last?.type).toBe('comm_open');
  });

  it.each([
    ['dep', {}, true],
    ['dep-analysis-1234', { 'jupyter-dep': { project: '/x' } }, true],
    ['python3', {}, false],
    ['depot', { debugger: true }, false]
  ])('is for kernels of ours: %s', async (name, metadata, ours) => {
    expect(await isDepKernel(new FakeKernel(name, metadata).connection)).toBe(ours);
  });
});

describe('a message of the kernel', () => {
  it.each([
    [{ type: 'edit', before: null, after: 'x', project: '' }],
    [{ type: 'switched', key: 'k', restart: [['numpy', '1', '2']], starter: false }],
    [{ type: 'carried', verb: 'add' }],
    [aHolding({ state: 'diagnosis' })]
  ])('is taken as it is: %o', message => {
    expect(parse(message)).toEqual(message);
  });

  it('may lack what has a default', () => {
    expect(parse({ type: 'switched', key: 'k' })).toEqual({ type: 'switched', key: 'k', restart: [], starter: false });
    expect(parse({ type: 'holding', state: 'ready' })).toMatchObject({ kept: 0, steps: [], problem: null });
  });

  it.each([
    [null],
    ['edit'],
    [[]],
    [{}],
    [{ type: 'edit', before: 3, after: 'x' }],
    [{ type: 'edit', before: null }],
    [{ type: 'switched', key: 'k', restart: [['numpy']] }],
    [{ type: 'switched', key: 'k', restart: 'numpy' }],
    [{ type: 'holding', state: 'elsewhere' }]
  ])('is dropped where it has another shape: %o', message => {
    expect(parse(message)).toBeNull();
  });
});
