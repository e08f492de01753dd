/**
 * A notebook, a server and what it says, made of nothing: for tests.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { NotebookProject } from '../model/project';
import { DEFAULTS, type IDepSettings, type ISettings } from '../model/settings';
import type { IDepClient, ConnectionState } from '../model/tokens';
import type { Job, JobRequest, Package, Packages, Project } from '../model/wire';

export const trans = nullTranslator.load('jupyter_dep');

/** Settings that a test changes. */
export class FakeSettings implements IDepSettings {
  constructor(changes: Partial<ISettings> = {}) {
    this.values = { ...DEFAULTS, ...changes };
  }

  values: ISettings;
  readonly changed: Signal<IDepSettings, void> = new Signal<IDepSettings, void>(this);

  change(changes: Partial<ISettings>): void {
    this.values = { ...this.values, ...changes };
    this.changed.emit();
  }
}

export function aProject(changes: Partial<Project> = {}): Project {
  return {
    path: 'work/analysis.ipynb',
    name: 'analysis.ipynb',
    state: 'fresh',
    trusted: true,
    lock: 'work/pylock.analysis.toml',
    locked_at: '2026-11-01T00:00:00Z',
    python: '3.12',
    requires_python: '>=3.11',
    environment: 'key-1',
    sealed: true,
    size: 38_000_000,
    declared: [{ name: 'pandas', text: 'pandas>=2', locked: '2.2.3' }],
    wanted: [],
    gone: [],
    packages: 3,
    writable: true,
    block: '# /// script',
    folder: null,
    undo: null,
    redo: null,
    note: '',
    problem: null,
    missing: [],
    kernels: [],
    ...changes
  };
}

export function aPackage(changes: Partial<Package> = {}): Package {
  return {
    name: 'numpy',
    version: '2.1.0',
    declared: false,
    text: '',
    via: ['pandas'],
    kernel: false,
    size: 16_000_000,
    cells: [],
    unused: false,
    summary: '',
    ...changes
  };
}

export function aJob(changes: Partial<Job> = {}): Job {
  return {
    id: 'j1',
    kind: 'add',
    path: 'work/analysis.ipynb',
    state: 'running',
    created: '2026-11-02T00:00:00Z',
    ended: null,
    progress: null,
    outcome: null,
    failure: null,
    ...changes
  };
}

export function ended(job: Job, data: Record<string, unknown> = {}): Job {
  const report = { headline: 'added', tone: 'good' as const, lines: [], tables: [], notes: [], next: [], folded: false };
  return {
    ...job,
    state: 'done',
    ended: '2026-11-02T00:00:05Z',
    outcome: { id: 0, verb: job.kind, report, data, switch: null, edit: null, seconds: 1, exit_code: 0, type: 'outcome' }
  };
}

export function failed(job: Job, message: string, hint = 'try `x`'): Job {
  const failure = {
    id: 0,
    verb: job.kind,
    code: 'conflict',
    message,
    hint,
    context: {},
    steps: [],
    exit_code: 4,
    type: 'failure' as const
  };
  return { ...job, state: 'failed', ended: '2026-11-02T00:00:05Z', failure };
}

/** A notebook panel as far as the model looks at it. */
export class FakeNotebook {
  readonly id = 'notebook-1';
  isDisposed = false;
  readonly disposed = new Signal<this, void>(this);
  readonly interrupts: string[] = [];
  readonly sessionContext = {
    kernelChanged: new Signal<object, unknown>({}),
    statusChanged: new Signal<object, unknown>({}),
    connectionStatusChanged: new Signal<object, string>({}),
    session: {
      kernel: { id: 'k1', name: 'dep', interrupt: async () => void this.interrupts.push('k1') } as {
        id: string;
        name: string;
      } | null
    }
  };
  readonly context = {
    path: 'RTC:work/analysis.ipynb',
    isReady: true,
    ready: Promise.resolve(),
    model: { readOnly: false },
    pathChanged: new Signal<object, string>({}),
    saveState: new Signal<object, string>({}),
    sessionContext: this.sessionContext
  };
  readonly content = { activeCellIndex: 0, activeCell: null, scrollToCell: async () => undefined };

  get panel(): NotebookPanel {
    return this as unknown as NotebookPanel;
  }
}

/** A server that answers what a test has put there, and remembers what it was asked. */
export class FakeServer {
  connectionState: ConnectionState = 'up';
  readonly connectionStateChanged = new Signal<IDepClient, ConnectionState>(this as unknown as IDepClient);
  mismatch = '';
  said: { project: Project | Error; packages: Packages | Error; jobs: Job[]; job: Job | Error } = {
    project: aProject(),
    packages: { path: '', packages: [] },
    jobs: [],
    job: aJob()
  };
  readonly asked: string[] = [];
  readonly started: JobRequest[] = [];

  get client(): IDepClient {
    const give = async <T>(what: string, answer: T | Error): Promise<T> => {
      this.asked.push(what);
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    };
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const server = this;
    return {
      get connectionState() {
        return server.connectionState;
      },
      get mismatch() {
        return server.mismatch;
      },
      connectionStateChanged: this.connectionStateChanged,
      about: () => give('about', { protocol: 1, version: '0', allowed: true }),
      project: path => give(`project ${path}`, this.said.project),
      packages: path => give(`packages ${path}`, this.said.packages),
      pythons: path => give(`pythons ${path}`, { path, pythons: [] }),
      search: words => give(`search ${words}`, { words, hits: [], full: false, near: '' }),
      details: name =>
        give(`details ${name}`, { name, versions: ['2.0', '1.0'], summary: 'S', requires_python: '>=3.9', size: 1, near: '' }),
      kernels: () => give('kernels', { kernels: [] }),
      jobs: path => give(`jobs ${path}`, { jobs: this.said.jobs }),
      job: id => give(`job ${id}`, this.said.job),
      start: request => {
        this.started.push(request);
        return give('start', this.said.job);
      },
      cancel: id => give(`cancel ${id}`, aJob({ id, state: 'cancelled', ended: '2026-11-02T00:00:06Z' })),
      consent: () => Promise.reject(new Error('not asked in tests')),
      nonce: () => Promise.reject(new Error('not asked in tests')),
      revoke: () => Promise.reject(new Error('not asked in tests'))
    };
  }
}

const CONTENTS = {
  localPath: (path: string) => path.replace(/^[A-Za-z0-9]+:/, ''),
  driveName: (path: string) => /^([A-Za-z0-9]+):/.exec(path)?.[1] ?? ''
};

export interface IStage {
  notebook: FakeNotebook;
  server: FakeServer;
  model: NotebookProject;
}

export function stage(allowed = true): IStage {
  const notebook = new FakeNotebook();
  const server = new FakeServer();
  const model = new NotebookProject({
    notebook: notebook.panel,
    client: server.client,
    contents: CONTENTS,
    trans,
    allowed: () => allowed
  });
  return { notebook, server, model };
}

/** Lets everything that waits for nothing but a promise happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
  }
}
