/**
 * A kernel, and an open notebook with cells around it, made of nothing: for tests.
 */
import { YNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { NotebookLink } from '../model/kernel/link';
import { NotebookProject } from '../model/project';
import type { INotebookProject } from '../model/tokens';
import type { HoldingState, Job, Switch } from '../model/wire';
import { aJob, ended, FakeServer, trans } from './samples';

export interface ISent {
  type: string;
  data: Record<string, unknown>;
  comm: string;
}

export class FakeKernel {
  constructor(
    readonly name = 'dep',
    private readonly _metadata: Record<string, unknown> = {}
  ) {}

  readonly id = 'k1';
  readonly username = '';
  readonly clientId = 'page';
  status = 'idle';
  isDisposed = false;
  readonly iopubMessage = new Signal<this, KernelMessage.IIOPubMessage>(this);
  readonly sent: ISent[] = [];
  readonly targets = new Map<string, unknown>();
  process = 'process-1';

  get last(): ISent | undefined {
    return this.sent[this.sent.length - 1];
  }

  get spec(): Promise<{ metadata: Record<string, unknown> }> {
    return Promise.resolve({ metadata: this._metadata });
  }

  registerCommTarget(name: string, callback: unknown): void {
    this.targets.set(name, callback);
  }

  removeCommTarget(name: string): void {
    this.targets.delete(name);
  }

  sendShellMessage(message: KernelMessage.IShellMessage): void {
    const content = message.content as { comm_id: string; data: Record<string, unknown> };
    this.sent.push({ type: message.header.msg_type, data: content.data, comm: content.comm_id });
  }

  /** Something on the channel of outputs. */
  say(type: string, content: object, from = this.process): void {
    const header = { msg_type: type, session: from, msg_id: '', username: '', date: '', version: '5.4' };
    this.iopubMessage.emit({ header, channel: 'iopub', content, parent_header: {}, metadata: {} } as never);
  }

  /** A message of the kernel to the page. */
  tell(data: object, target = 'jupyter-dep'): void {
    this.say('comm_open', { comm_id: 'fresh', target_name: target, data });
  }

  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }
}

export function aHolding(changes: Partial<HoldingState> = {}): HoldingState {
  return {
    type: 'holding',
    state: 'building',
    headline: 'building',
    progress: null,
    problem: null,
    steps: [],
    kept: 0,
    ...changes
  };
}

export function aSwitch(key = 'key-2'): Switch {
  return { key, path: '/e/2', python: '/e/2/bin/python', site_packages: ['/e/2/lib'], lease: '', changed: [] };
}

/** A job that is done, with what it leaves to the page. */
export function doneJob(
  outcome: { edit?: [string | null, string]; switch?: Switch; data?: object } = {},
  job: Partial<Job> = {}
): Job {
  const made = ended(aJob({ id: `job-${Math.random()}`, ...job }), { ...outcome.data });
  const edit = outcome.edit
    ? { project: '', before: outcome.edit[0], after: outcome.edit[1], pending: outcome.edit[0] === null }
    : null;
  return { ...made, outcome: { ...made.outcome!, edit, switch: outcome.switch ?? null } };
}

/** An open notebook with these code cells, linked to its kernel; what its disk holds is `disk`. */
export class NotebookSandbox {
  constructor(
    sources: string[],
    readonly kernel: FakeKernel | null = new FakeKernel()
  ) {
    sources.forEach(source => this.shared.addCell({ cell_type: 'code', source }));
    this.session.session.kernel = kernel?.connection ?? null;
    this.server.said.job = aJob();
    this.project = new NotebookProject({
      notebook: this.panel,
      client: this.server.client,
      contents: { localPath: path => path, driveName: () => '' },
      trans,
      allowed: () => true
    });
  }

  readonly shared = YNotebook.create();
  readonly server = new FakeServer();
  readonly project: INotebookProject;
  readonly told: string[] = [];
  readonly scheduled = new Signal<object, { notebook: never; cell: never }>({});
  readonly disk: { hash: string; writable: boolean; missing: boolean; cells: string[] } = {
    hash: 'a',
    writable: true,
    missing: false,
    cells: []
  };
  saveAfterEdit = true;
  saves = 0;
  reverts = 0;
  restarts = 0;

  readonly session = {
    session: { kernel: null as Kernel.IKernelConnection | null },
    kernelChanged: new Signal<object, { newValue: Kernel.IKernelConnection | null }>({}),
    statusChanged: new Signal<object, string>({}),
    restartKernel: async () => void this.restarts++
  };

  readonly context = {
    path: 'work/analysis.ipynb',
    isReady: true,
    ready: Promise.resolve(),
    contentsModel: { hash: 'a', last_modified: '' },
    model: {
      readOnly: false,
      dirty: false,
      collaborative: false,
      sharedModel: this.shared,
      contentChanged: new Signal<object, void>({})
    },
    pathChanged: new Signal<object, string>({}),
    saveState: new Signal<object, string>({}),
    sessionContext: this.session,
    save: async () => {
      this.saves++;
      this.disk.hash = this.context.contentsModel.hash = `saved-${this.saves}`;
      this.context.saveState.emit('completed');
    },
    revert: async () => {
      this.reverts++;
      this.shared.transact(() => {
        this.shared.deleteCellRange(0, this.shared.cells.length);
        this.disk.cells.forEach(source => this.shared.addCell({ cell_type: 'code', source }));
      });
      this.context.contentsModel.hash = this.disk.hash;
    }
  };

  readonly content = { widgets: [] as unknown[] };

  get panel(): NotebookPanel {
    return {
      content: this.content,
      context: this.context,
      sessionContext: this.session,
      isDisposed: false,
      isVisible: true,
      disposed: new Signal<object, void>({})
    } as unknown as NotebookPanel;
  }

  readonly contents = {
    get: async (_: string, { content }: { content: boolean }) => {
      if (this.disk.missing) {
        throw Object.assign(new Error('gone'), { response: { status: 404 } });
      }
      const { hash, writable, cells } = this.disk;
      return content
        ? { content: { cells: cells.map(source => ({ cell_type: 'code', source })) } }
        : { hash, writable, last_modified: '' };
    }
  };

  link(): NotebookLink {
    return new NotebookLink({
      project: this.project,
      client: this.server.client,
      contents: this.contents as unknown as Contents.IManager,
      notifier: {
        other: (_, now) => void this.told.push(`other ${now}`),
        unsaved: (_, why) => void this.told.push(`unsaved ${why}`)
      },
      saveAfterEdit: () => this.saveAfterEdit,
      scheduled: this.scheduled
    });
  }

  get sources(): string[] {
    return this.shared.cells.map(cell => cell.getSource());
  }

  /** A cell of this notebook is about to be sent. */
  run(): void {
    this.scheduled.emit({ notebook: this.content as never, cell: {} as never });
  }

  status(status: string): void {
    this.session.statusChanged.emit(status);
  }
}
