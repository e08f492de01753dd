import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { aHolding, aSwitch, NotebookSandbox, doneJob, FakeKernel } from '../../testing/kernels';
import { settle } from '../../testing/samples';

const ONE = '# /// script\n# dependencies = [\n#   "numpy",\n# ]\n# ///';
const TWO = ONE.replace('#   "numpy",\n', '#   "numpy",\n#   "pandas",\n');

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});
afterEach(() => void vi.useRealTimers());

async function linked(sources = [ONE, 'x'], kernel: FakeKernel | null = new FakeKernel()): Promise<NotebookSandbox> {
  const sandbox = new NotebookSandbox(sources, kernel);
  sandbox.link();
  await settle();
  return sandbox;
}

/** An edit waits for the disk, and for the page where it was asked for. */
async function edited(): Promise<void> {
  await vi.advanceTimersByTimeAsync(2000);
}

describe('a linked notebook', () => {
  it('is announced to a kernel of ours with its live block and path', async () => {
    const sandbox = await linked();
    expect(sandbox.kernel!.sent).toEqual([
      { type: 'comm_open', data: { holds: true, block: ONE, path: 'work/analysis.ipynb' }, comm: expect.any(String) }
    ]);
  });

  it('leaves other kernels alone, and takes the one that comes after them', async () => {
    const foreign = new FakeKernel('python3');
    const sandbox = await linked([ONE], foreign);
    expect(foreign.sent).toEqual([]);
    const ours = new FakeKernel();
    sandbox.session.session.kernel = ours.connection;
    sandbox.session.kernelChanged.emit({ newValue: ours.connection });
    await settle();
    expect(ours.sent).toHaveLength(1);
  });

  it('tells the block again when it has rested', async () => {
    const sandbox = await linked();
    sandbox.shared.cells[0]!.setSource(TWO);
    sandbox.context.model.contentChanged.emit();
    sandbox.shared.cells[1]!.setSource('y');
    sandbox.context.model.contentChanged.emit();
    expect(sandbox.kernel!.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(sandbox.kernel!.sent.slice(1).map(({ type, data }) => [type, data.block])).toEqual([['comm_msg', TWO]]);
    sandbox.context.model.contentChanged.emit();
    await vi.advanceTimersByTimeAsync(500);
    expect(sandbox.kernel!.sent).toHaveLength(2);
  });

  it('tells it before a cell that is run at once', async () => {
    const sandbox = await linked();
    sandbox.shared.cells[0]!.setSource(TWO);
    sandbox.context.model.contentChanged.emit();
    sandbox.run();
    expect(sandbox.kernel!.last?.data.block).toBe(TWO);
  });

  it('tells its new path', async () => {
    const sandbox = await linked();
    sandbox.context.path = 'other.ipynb';
    sandbox.context.pathChanged.emit('other.ipynb');
    expect(sandbox.kernel!.last?.data.path).toBe('other.ipynb');
  });

  it('is announced again to the process that takes over', async () => {
    const sandbox = await linked();
    sandbox.kernel!.tell({ type: 'switched', key: 'key-1' });
    sandbox.kernel!.process = 'process-2';
    sandbox.kernel!.say('status', { execution_state: 'idle' });
    expect(sandbox.kernel!.sent.map(({ type }) => type)).toEqual(['comm_open', 'comm_open']);
    expect(sandbox.project.kernelKey).toBeNull();
  });

  it('is announced again when the holding kernel is ready, and until the real one has answered', async () => {
    const sandbox = await linked();
    sandbox.kernel!.tell(aHolding());
    expect(sandbox.project.holding?.state).toBe('building');
    sandbox.kernel!.tell(aHolding({ state: 'ready' }));
    expect(sandbox.project.holding).toBeNull();
    expect(sandbox.kernel!.sent).toHaveLength(2);
    sandbox.status('idle');
    sandbox.status('idle');
    expect(sandbox.kernel!.sent).toHaveLength(4);
    sandbox.kernel!.tell({ type: 'switched', key: 'key-1' });
    sandbox.status('idle');
    expect(sandbox.kernel!.sent).toHaveLength(4);
  });

  it('gives up on a kernel that never answers', async () => {
    const sandbox = await linked();
    for (let times = 0; times < 20; times++) {
      sandbox.status('idle');
    }
    expect(sandbox.kernel!.sent.length).toBeLessThan(8);
  });

  it('knows nothing of a kernel that restarts', async () => {
    const sandbox = await linked();
    sandbox.kernel!.tell({ type: 'switched', key: 'key-1', restart: [['numpy', '1', '2']] });
    expect([sandbox.project.kernelKey, sandbox.project.restart.length]).toEqual(['key-1', 1]);
    sandbox.status('restarting');
    expect([sandbox.project.kernelKey, sandbox.project.restart.length]).toEqual([null, 0]);
  });

  it('reads the project again when a verb was carried out in a cell', async () => {
    const sandbox = await linked();
    sandbox.server.asked.length = 0;
    sandbox.kernel!.tell({ type: 'carried', verb: 'add' });
    await settle();
    expect(sandbox.server.asked).toContain('project work/analysis.ipynb');
  });
});

describe("the kernel's order to edit", () => {
  it('is carried out at once and saved where the cell was run', async () => {
    const sandbox = await linked();
    sandbox.run();
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await settle();
    expect(sandbox.sources).toEqual([TWO, 'x']);
    expect(sandbox.saves).toBe(1);
  });

  it('is carried out and left for the user to save where the settings say so', async () => {
    const sandbox = await linked();
    sandbox.saveAfterEdit = false;
    sandbox.run();
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await settle();
    expect(sandbox.sources).toEqual([TWO, 'x']);
    expect([sandbox.saves, sandbox.told]).toEqual([0, []]);
  });

  it('gives the page where the cell was run a start', async () => {
    const sandbox = await linked();
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await settle();
    expect(sandbox.sources[0]).toBe(ONE);
    await edited();
    expect(sandbox.sources[0]).toBe(TWO);
  });

  it('is carried out once, and saved once', async () => {
    const sandbox = await linked();
    for (let times = 0; times < 3; times++) {
      sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    }
    await edited();
    await edited();
    expect(sandbox.sources).toEqual([TWO, 'x']);
    expect(sandbox.saves).toBe(1);
  });

  it('follows the one before it', async () => {
    const sandbox = await linked(['x']);
    sandbox.kernel!.tell({ type: 'edit', before: null, after: ONE, project: '' });
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    await edited();
    expect(sandbox.sources).toEqual([TWO, 'x']);
    expect(sandbox.told).toEqual([]);
  });

  it('takes what another tab has saved, where nobody has worked here', async () => {
    const sandbox = await linked();
    sandbox.context.model.dirty = true; // the kernel's name, which Lab writes by itself
    Object.assign(sandbox.disk, { hash: 'b', cells: [TWO, 'x', 'run there'] });
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(sandbox.sources).toEqual([TWO, 'x', 'run there']);
    expect([sandbox.reverts, sandbox.saves, sandbox.told]).toEqual([1, 0, []]);
  });

  it('does not save over a file that was changed elsewhere, and says so', async () => {
    const sandbox = await linked();
    sandbox.shared.cells[1]!.setSource('mine');
    Object.assign(sandbox.disk, { hash: 'b', cells: [TWO, 'theirs'] });
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(sandbox.sources).toEqual([TWO, 'mine']);
    expect([sandbox.reverts, sandbox.saves, sandbox.told]).toEqual([0, 0, ['unsaved changed']]);
  });

  it.each([
    ['gone', { missing: true }],
    ['read-only', { writable: false }]
  ])('does not write a file that is %s, and says so', async (why, disk) => {
    const sandbox = await linked();
    Object.assign(sandbox.disk, disk);
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(sandbox.sources[0]).toBe(TWO);
    expect([sandbox.saves, sandbox.told]).toEqual([0, [`unsaved ${why}`]]);
  });

  it('leaves a cell alone that was edited meanwhile, and says so', async () => {
    const sandbox = await linked([`${ONE}\n# mine`]);
    sandbox.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(sandbox.sources).toEqual([`${ONE}\n# mine`]);
    expect([sandbox.saves, sandbox.told]).toEqual([0, [`other ${ONE}\n# mine`]]);
  });
});

describe('the end of a job', () => {
  it('is an edit that is saved', async () => {
    const sandbox = await linked(['x']);
    await sandbox.link().finish(doneJob({ edit: [null, ONE] }), true);
    expect(sandbox.sources).toEqual([ONE, 'x']);
    expect(sandbox.saves).toBe(1);
  });

  it('orders the switch on the announced comm, once', async () => {
    const sandbox = new NotebookSandbox([ONE]);
    const link = sandbox.link();
    await settle();
    const job = doneJob({ switch: aSwitch() });
    await Promise.all([link.finish(job, true), link.finish(job, true)]);
    expect(sandbox.kernel!.sent.filter(({ data }) => data.type === 'switch')).toHaveLength(1);
  });

  it('leaves the switch to the page that asked', async () => {
    const sandbox = new NotebookSandbox([ONE]);
    const link = sandbox.link();
    await settle();
    void link.finish(doneJob({ edit: [ONE, TWO], switch: aSwitch() }), false);
    await edited();
    expect(sandbox.sources).toEqual([TWO]);
    expect(sandbox.kernel!.sent.filter(({ data }) => data.type === 'switch')).toEqual([]);
  });

  it('names the kernel with the first block, where another one runs', async () => {
    const sandbox = new NotebookSandbox(['x'], new FakeKernel('python3'));
    const link = sandbox.link();
    await settle();
    await link.finish(doneJob({ edit: [null, ONE] }), true);
    expect(sandbox.shared.getMetadata('kernelspec')).toMatchObject({ name: 'dep' });
  });

  it.each([
    ['diagnosis', true, {}, 1],
    ['asking', true, {}, 1],
    ['building', true, {}, 0],
    ['diagnosis', false, {}, 0],
    ['diagnosis', true, { dry_run: true }, 0]
  ] as const)(
    'has a kernel that only explained itself try again, with the cells that wait: %s',
    async (state, mine, data, times) => {
      const sandbox = new NotebookSandbox([ONE]);
      const link = sandbox.link();
      await settle();
      sandbox.kernel!.tell(aHolding({ state }));
      await link.finish(doneJob({ data }), mine);
      expect(sandbox.kernel!.sent.filter(({ data }) => data.type === 'retry')).toHaveLength(times);
      expect(sandbox.restarts).toBe(0);
    }
  );

  it('is carried out after a reload that it fell into', async () => {
    sessionStorage.setItem('jupyter-dep:job:work/analysis.ipynb', 'job-7');
    const sandbox = new NotebookSandbox([ONE]);
    sandbox.server.said.job = { ...doneJob({ edit: [ONE, TWO] }), id: 'job-7' };
    sandbox.link();
    await edited();
    expect(sandbox.sources).toEqual([TWO]);
    expect(sessionStorage.length).toBe(0);
  });

  it('is nothing where it failed', async () => {
    const sandbox = new NotebookSandbox([ONE]);
    const link = sandbox.link();
    await settle();
    await link.finish({ ...doneJob({ edit: [ONE, TWO] }), state: 'failed' }, true);
    expect(sandbox.sources).toEqual([ONE]);
  });
});
