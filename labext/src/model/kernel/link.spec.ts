import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { aHolding, aSwitch, Desk, doneJob, FakeKernel } from '../../testing/kernels';
import { settle } from '../../testing/samples';

const ONE = '# /// script\n# dependencies = [\n#   "numpy",\n# ]\n# ///';
const TWO = ONE.replace('#   "numpy",\n', '#   "numpy",\n#   "pandas",\n');

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});
afterEach(() => void vi.useRealTimers());

async function linked(sources = [ONE, 'x'], kernel: FakeKernel | null = new FakeKernel()): Promise<Desk> {
  const desk = new Desk(sources, kernel);
  desk.link();
  await settle();
  return desk;
}

/** An edit waits for the disk, and for the page where it was asked for. */
async function edited(): Promise<void> {
  await vi.advanceTimersByTimeAsync(2000);
}

describe('a linked notebook', () => {
  it('is announced to a kernel of ours with its live block and path', async () => {
    const desk = await linked();
    expect(desk.kernel!.sent).toEqual([
      { type: 'comm_open', data: { holds: true, block: ONE, path: 'work/analysis.ipynb' }, comm: expect.any(String) }
    ]);
  });

  it('leaves other kernels alone, and takes the one that comes after them', async () => {
    const foreign = new FakeKernel('python3');
    const desk = await linked([ONE], foreign);
    expect(foreign.sent).toEqual([]);
    const ours = new FakeKernel();
    desk.session.session.kernel = ours.connection;
    desk.session.kernelChanged.emit({ newValue: ours.connection });
    await settle();
    expect(ours.sent).toHaveLength(1);
  });

  it('tells the block again when it has rested', async () => {
    const desk = await linked();
    desk.shared.cells[0]!.setSource(TWO);
    desk.context.model.contentChanged.emit();
    desk.shared.cells[1]!.setSource('y');
    desk.context.model.contentChanged.emit();
    expect(desk.kernel!.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(desk.kernel!.sent.slice(1).map(({ type, data }) => [type, data.block])).toEqual([['comm_msg', TWO]]);
    desk.context.model.contentChanged.emit();
    await vi.advanceTimersByTimeAsync(500);
    expect(desk.kernel!.sent).toHaveLength(2);
  });

  it('tells it before a cell that is run at once', async () => {
    const desk = await linked();
    desk.shared.cells[0]!.setSource(TWO);
    desk.context.model.contentChanged.emit();
    desk.run();
    expect(desk.kernel!.last?.data.block).toBe(TWO);
  });

  it('tells its new path', async () => {
    const desk = await linked();
    desk.context.path = 'other.ipynb';
    desk.context.pathChanged.emit('other.ipynb');
    expect(desk.kernel!.last?.data.path).toBe('other.ipynb');
  });

  it('is announced again to the process that takes over', async () => {
    const desk = await linked();
    desk.kernel!.tell({ type: 'switched', key: 'key-1' });
    desk.kernel!.process = 'process-2';
    desk.kernel!.say('status', { execution_state: 'idle' });
    expect(desk.kernel!.sent.map(({ type }) => type)).toEqual(['comm_open', 'comm_open']);
    expect(desk.project.kernelKey).toBeNull();
  });

  it('is announced again when the holding kernel is ready, and until the real one has answered', async () => {
    const desk = await linked();
    desk.kernel!.tell(aHolding());
    expect(desk.project.holding?.state).toBe('building');
    desk.kernel!.tell(aHolding({ state: 'ready' }));
    expect(desk.project.holding).toBeNull();
    expect(desk.kernel!.sent).toHaveLength(2);
    desk.status('idle');
    desk.status('idle');
    expect(desk.kernel!.sent).toHaveLength(4);
    desk.kernel!.tell({ type: 'switched', key: 'key-1' });
    desk.status('idle');
    expect(desk.kernel!.sent).toHaveLength(4);
  });

  it('gives up on a kernel that never answers', async () => {
    const desk = await linked();
    for (let times = 0; times < 20; times++) {
      desk.status('idle');
    }
    expect(desk.kernel!.sent.length).toBeLessThan(8);
  });

  it('knows nothing of a kernel that restarts', async () => {
    const desk = await linked();
    desk.kernel!.tell({ type: 'switched', key: 'key-1', restart: [['numpy', '1', '2']] });
    expect([desk.project.kernelKey, desk.project.restart.length]).toEqual(['key-1', 1]);
    desk.status('restarting');
    expect([desk.project.kernelKey, desk.project.restart.length]).toEqual([null, 0]);
  });

  it('reads the project again when a verb was carried out in a cell', async () => {
    const desk = await linked();
    desk.server.asked.length = 0;
    desk.kernel!.tell({ type: 'carried', verb: 'add' });
    await settle();
    expect(desk.server.asked).toContain('project work/analysis.ipynb');
  });
});

describe("the kernel's order to edit", () => {
  it('is carried out at once and saved where the cell was run', async () => {
    const desk = await linked();
    desk.run();
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await settle();
    expect(desk.sources).toEqual([TWO, 'x']);
    expect(desk.saves).toBe(1);
  });

  it('gives the page where the cell was run a start', async () => {
    const desk = await linked();
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await settle();
    expect(desk.sources[0]).toBe(ONE);
    await edited();
    expect(desk.sources[0]).toBe(TWO);
  });

  it('is carried out once, and saved once', async () => {
    const desk = await linked();
    for (let times = 0; times < 3; times++) {
      desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    }
    await edited();
    await edited();
    expect(desk.sources).toEqual([TWO, 'x']);
    expect(desk.saves).toBe(1);
  });

  it('follows the one before it', async () => {
    const desk = await linked(['x']);
    desk.kernel!.tell({ type: 'edit', before: null, after: ONE, project: '' });
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    await edited();
    expect(desk.sources).toEqual([TWO, 'x']);
    expect(desk.told).toEqual([]);
  });

  it('takes what another tab has saved, where nobody has worked here', async () => {
    const desk = await linked();
    desk.context.model.dirty = true; // the kernel's name, which Lab writes by itself
    Object.assign(desk.disk, { hash: 'b', cells: [TWO, 'x', 'run there'] });
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(desk.sources).toEqual([TWO, 'x', 'run there']);
    expect([desk.reverts, desk.saves, desk.told]).toEqual([1, 0, []]);
  });

  it('does not save over a file that was changed elsewhere, and says so', async () => {
    const desk = await linked();
    desk.shared.cells[1]!.setSource('mine');
    Object.assign(desk.disk, { hash: 'b', cells: [TWO, 'theirs'] });
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(desk.sources).toEqual([TWO, 'mine']);
    expect([desk.reverts, desk.saves, desk.told]).toEqual([0, 0, ['unsaved changed']]);
  });

  it.each([
    ['gone', { missing: true }],
    ['read-only', { writable: false }]
  ])('does not write a file that is %s, and says so', async (why, disk) => {
    const desk = await linked();
    Object.assign(desk.disk, disk);
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(desk.sources[0]).toBe(TWO);
    expect([desk.saves, desk.told]).toEqual([0, [`unsaved ${why}`]]);
  });

  it('leaves a cell alone that was edited meanwhile, and says so', async () => {
    const desk = await linked([`${ONE}\n# mine`]);
    desk.kernel!.tell({ type: 'edit', before: ONE, after: TWO, project: '' });
    await edited();
    expect(desk.sources).toEqual([`${ONE}\n# mine`]);
    expect([desk.saves, desk.told]).toEqual([0, [`other ${ONE}\n# mine`]]);
  });
});

describe('the end of a job', () => {
  it('is an edit that is saved', async () => {
    const desk = await linked(['x']);
    await desk.link().finish(doneJob({ edit: [null, ONE] }), true);
    expect(desk.sources).toEqual([ONE, 'x']);
    expect(desk.saves).toBe(1);
  });

  it('orders the switch on the announced comm, once', async () => {
    const desk = new Desk([ONE]);
    const link = desk.link();
    await settle();
    const job = doneJob({ switch: aSwitch() });
    await Promise.all([link.finish(job, true), link.finish(job, true)]);
    expect(desk.kernel!.sent.filter(({ data }) => data.type === 'switch')).toHaveLength(1);
  });

  it('leaves the switch to the page that asked', async () => {
    const desk = new Desk([ONE]);
    const link = desk.link();
    await settle();
    void link.finish(doneJob({ edit: [ONE, TWO], switch: aSwitch() }), false);
    await edited();
    expect(desk.sources).toEqual([TWO]);
    expect(desk.kernel!.sent.filter(({ data }) => data.type === 'switch')).toEqual([]);
  });

  it('names the kernel with the first block, where another one runs', async () => {
    const desk = new Desk(['x'], new FakeKernel('python3'));
    const link = desk.link();
    await settle();
    await link.finish(doneJob({ edit: [null, ONE] }), true);
    expect(desk.shared.getMetadata('kernelspec')).toMatchObject({ name: 'dep' });
  });

  it.each([
    ['diagnosis', true, {}, 1],
    ['asking', true, {}, 1],
    ['building', true, {}, 0],
    ['diagnosis', false, {}, 0],
    ['diagnosis', true, { dry_run: true }, 0]
  ] as const)('starts a kernel anew that only explained itself: %s', async (state, mine, data, times) => {
    const desk = new Desk([ONE]);
    const link = desk.link();
    await settle();
    desk.kernel!.tell(aHolding({ state }));
    await link.finish(doneJob({ data }), mine);
    expect(desk.restarts).toBe(times);
  });

  it('is carried out after a reload that it fell into', async () => {
    sessionStorage.setItem('jupyter-dep:job:work/analysis.ipynb', 'job-7');
    const desk = new Desk([ONE]);
    desk.server.said.job = { ...doneJob({ edit: [ONE, TWO] }), id: 'job-7' };
    desk.link();
    await edited();
    expect(desk.sources).toEqual([TWO]);
    expect(sessionStorage.length).toBe(0);
  });

  it('is nothing where it failed', async () => {
    const desk = new Desk([ONE]);
    const link = desk.link();
    await settle();
    await link.finish({ ...doneJob({ edit: [ONE, TWO] }), state: 'failed' }, true);
    expect(desk.sources).toEqual([ONE]);
  });
});
