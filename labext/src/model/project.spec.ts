import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ProblemError } from './client/problems';
import { aJob, aProject, ended, failed, settle, stage } from '../testing/samples';
import type { Job } from './wire';

const GONE = new ProblemError(
  { code: 'no-notebook', message: 'there is no such notebook', hint: 'open it', context: {}, steps: [] },
  404
);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a notebook's project", () => {
  it('is read when the notebook is there, by the path of its drive', async () => {
    const { model, server } = stage();
    await settle();
    expect(server.asked).toEqual(['project work/analysis.ipynb', 'jobs work/analysis.ipynb']);
    expect(model.project?.state).toBe('fresh');
    expect(model.blockedReason).toBe('');
  });

  it('is read again after a save, and once more if it changed during the reading', async () => {
    const { notebook, server } = stage();
    await settle();
    server.asked.length = 0;
    for (let times = 0; times < 5; times++) {
      notebook.context.saveState.emit('completed');
    }
    await settle();
    expect(server.asked.filter(one => one.startsWith('project')).length).toBeLessThanOrEqual(2);
    expect(server.asked.length).toBeGreaterThan(0);
  });

  it('follows a rename', async () => {
    const { model, notebook, server } = stage();
    await settle();
    notebook.context.path = 'RTC:other.ipynb';
    notebook.context.pathChanged.emit('other.ipynb');
    expect(model.project).toBeNull();
    await settle();
    expect(server.asked).toContain('project other.ipynb');
  });

  it('shows that the notebook is gone and recovers', async () => {
    const { model, server } = stage();
    await settle();
    server.said.project = GONE;
    await model.refresh();
    expect(model.problem?.code).toBe('no-notebook');
    expect(model.project).not.toBeNull();
    server.said.project = aProject();
    await model.refresh();
    expect(model.problem).toBeNull();
  });

  it('is not asked for on a drive that is not the server', async () => {
    const { model, notebook, server } = stage();
    notebook.context.path = 'S3:x.ipynb';
    await settle();
    expect(server.asked.filter(one => one.startsWith('project'))).toEqual([]);
    expect(model.problem?.code).toBe('elsewhere');
  });

  it('reads the packages only for a panel, and only where there is a lock', async () => {
    const { model, server } = stage();
    await settle();
    expect(server.asked.some(one => one.startsWith('packages'))).toBe(false);
    model.openPackages();
    await settle();
    expect(server.asked).toContain('packages work/analysis.ipynb');
    server.asked.length = 0;
    server.said.project = aProject({ lock: null, state: 'unlocked' });
    await model.refresh();
    expect(server.asked).toEqual(['project work/analysis.ipynb']);
    expect(model.packages).toBeNull();
  });

  it.each([
    ['read-only file', (s: ReturnType<typeof stage>) => (s.server.said.project = aProject({ writable: false })), 'read-only'],
    ['read-only document', (s: ReturnType<typeof stage>) => (s.notebook.context.model.readOnly = true), 'read-only'],
    ['server away', (s: ReturnType<typeof stage>) => (s.server.connectionState = 'lost'), 'server']
  ])('says why nothing can be changed: %s', async (_, change, word) => {
    const made = stage();
    change(made);
    await settle();
    expect(made.model.blockedReason).toContain(word);
  });

  it('says that a user without permission can change nothing', async () => {
    const { model } = stage(false);
    await settle();
    expect(model.blockedReason).toContain('not allowed to change packages');
  });
});

describe('a server that was away', () => {
  it('is read again when it is back, though nothing was asked meanwhile', async () => {
    const { server } = stage();
    await settle();
    server.asked.length = 0;
    server.connectionState = 'lost';
    server.connectionStateChanged.emit('lost');
    server.connectionState = 'up';
    server.connectionStateChanged.emit('up');
    await settle();
    expect(server.asked).toContain('project work/analysis.ipynb');
  });
});

describe('a job', () => {
  it('that failed is dismissed for good: a page that is loaded anew remembers', async () => {
    const { model } = stage();
    await settle();
    expect(model.dismissed).toBeNull();
    model.dismiss('j1');
    expect(model.dismissed).toBe('j1');
    expect(stage().model.dismissed).toBe('j1');
    sessionStorage.clear();
  });

  it('of this page is known by the names that it was asked for', async () => {
    const { model } = stage();
    await settle();
    void model.run({ kind: 'add', names: ['httpx'] });
    await settle();
    expect([...model.requestedNames]).toEqual([['j1', ['httpx']]]);
  });

  it('is sent with the live block while the page holds the notebook', async () => {
    const { model, server } = stage();
    await settle();
    model.setHolder({ block: () => '# /// script\n# ///' });
    model.setSwitched('key-7', []);
    void model.run({ kind: 'add', names: ['httpx'] });
    await settle();
    expect(server.started).toEqual([
      {
        kind: 'add',
        names: ['httpx'],
        path: 'work/analysis.ipynb',
        held: true,
        block: '# /// script\n# ///',
        environment: 'key-7'
      }
    ]);
  });

  it('answers with its end and blocks the next one until what it ended with is carried out', async () => {
    const { model, server } = stage();
    await settle();
    let carriedOut = (): void => undefined;
    model.jobEnded.connect((_, { wait }) => wait(new Promise<void>(resolve => (carriedOut = resolve))));
    const running = model.run({ kind: 'add', names: ['x'] });
    await settle();
    expect(model.active?.id).toBe('j1');
    expect(model.blockedReason).not.toBe('');
    server.asked.length = 0;
    model.onJob(ended(aJob()));
    await expect(running).resolves.toMatchObject({ state: 'done' });
    expect(model.active).not.toBeNull();
    expect(server.asked).toEqual([]);
    carriedOut();
    await settle();
    expect(server.asked).toContain('project work/analysis.ipynb');
    expect(model.active).toBeNull();
    expect(model.blockedReason).toBe('');
  });

  it('is told once, whether it comes from the stream, from polling or from both', async () => {
    const { model } = stage();
    await settle();
    const told: { job: Job; mine: boolean }[] = [];
    model.jobEnded.connect((_, end) => told.push(end));
    model.onJob(ended(aJob()));
    model.onJob(aJob());
    model.onJob(ended(aJob()));
    await settle();
    expect(told).toHaveLength(1);
    expect(told[0]!.mine).toBe(false);
    expect(model.jobs[0]!.state).toBe('done');
  });

  it("that ended before the answer to its start came is still this page's own", async () => {
    const { model } = stage();
    await settle();
    const told: { job: Job; mine: boolean }[] = [];
    model.jobEnded.connect((_, end) => told.push(end));
    const running = model.run({ kind: 'add', names: ['x'] });
    model.onJob(ended(aJob()));
    await expect(running).resolves.toMatchObject({ state: 'done' });
    await settle();
    expect(told.map(({ mine }) => mine)).toEqual([true]);
  });

  it('that ended before the answer to its start came is not waited for', async () => {
    const { model, server } = stage();
    await settle();
    model.onJob(ended(aJob()));
    server.said.job = aJob();
    await expect(model.run({ kind: 'add', names: ['x'] })).resolves.toMatchObject({ state: 'done' });
  });

  it('is asked for while the stream of events is cut', async () => {
    const { model, server } = stage();
    await settle();
    const running = model.run({ kind: 'add', names: ['x'] });
    await settle();
    server.said.job = ended(aJob());
    await vi.advanceTimersByTimeAsync(3500);
    expect(server.asked).toContain('job j1');
    await expect(running).resolves.toMatchObject({ state: 'done' });
  });

  it('is not asked for while events come', async () => {
    const { model, server } = stage();
    await settle();
    for (let second = 0; second < 10; second++) {
      model.onJob(aJob({ progress: { text: '', phase: 'linking', done: second, total: 9, bytes_done: 0, bytes_total: null } }));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(server.asked.filter(one => one.startsWith('job '))).toEqual([]);
  });

  it('that a restarted server has forgotten ends as a failure', async () => {
    const { model, server } = stage();
    await settle();
    const running = model.run({ kind: 'add', names: ['x'] });
    await settle();
    server.said.job = GONE;
    await vi.advanceTimersByTimeAsync(3500);
    await expect(running).resolves.toMatchObject({ state: 'failed', failure: { code: 'forgotten' } });
  });

  it('that ran before the page was loaded is followed, one that had ended is only shown', async () => {
    const made = stage();
    const before = ended(aJob({ id: 'old', created: '2026-11-01T00:00:00Z' }));
    made.server.said.jobs = [aJob({ id: 'now' }), before];
    const told: string[] = [];
    made.model.jobEnded.connect((_, { job }) => told.push(job.id));
    await settle();
    expect(made.model.active?.id).toBe('now');
    expect(made.model.jobs.map(job => job.id)).toEqual(['now', 'old']);
    expect(told).toEqual([]);
  });

  it('can be cancelled', async () => {
    const { model, server } = stage();
    await settle();
    model.onJob(aJob());
    await model.cancel();
    await settle();
    expect(server.asked).toContain('cancel j1');
    expect(model.active).toBeNull();
  });

  it('of the kind `outdated` leaves the newer versions, until something changes', async () => {
    const { model } = stage();
    await settle();
    model.onJob(
      ended(aJob({ kind: 'outdated' }), {
        packages: [{ name: 'Ruamel.YAML', latest: '2' }, { name: 'x', latest: null }, 3, null]
      })
    );
    await settle();
    expect([...model.newer!]).toEqual([['ruamel-yaml', '2']]);
    model.onJob(failed(aJob({ id: 'j2' }), 'no'));
    await settle();
    expect(model.newer).not.toBeNull();
    model.onJob(ended(aJob({ id: 'j3' })));
    await settle();
    expect(model.newer).toBeNull();
  });

  it('rejects for those who wait when the notebook is closed', async () => {
    const { model, notebook } = stage();
    await settle();
    const running = model.run({ kind: 'add', names: ['x'] });
    await settle();
    const outcome = expect(running).rejects.toThrow('closed');
    notebook.disposed.emit();
    await outcome;
  });

  it('rejects as well when the notebook is closed before the server has answered', async () => {
    const { model, notebook } = stage();
    await settle();
    const outcome = expect(model.run({ kind: 'add', names: ['x'] })).rejects.toThrow('closed');
    notebook.disposed.emit();
    await outcome;
  });

  it('changes are told once a turn', async () => {
    const { model } = stage();
    await settle();
    let times = 0;
    model.changed.connect(() => times++);
    model.setSwitched('a', []);
    model.setHolding(null);
    model.onJob(aJob());
    await settle();
    expect(times).toBe(1);
  });

  it('forgets what the last kernel told when another one comes', async () => {
    const { model, notebook } = stage();
    await settle();
    model.setSwitched('a', [['numpy', '1', '2']]);
    notebook.sessionContext.kernelChanged.emit({});
    expect(model.kernelKey).toBeNull();
    expect(model.restart).toEqual([]);
  });
});
