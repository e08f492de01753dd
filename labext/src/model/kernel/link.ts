/**
 * One notebook's link: the page holds the notebook, tells its kernel the live block, and carries out what kernel and jobs ask
 * for: edits of the declaration, switches of the kernel.
 */
import type { ISharedNotebook } from '@jupyter/ydoc';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';
import type { Contents, Kernel } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { blockText } from '../declaration/block';
import { isDepKernel, KernelComm } from './comm';
import { Editor, type INotifier } from '../declaration/editor';
import { type IDepClient, type IEndedJob, type INotebookProject, NAME } from '../tokens';
import type { CommOut, Holds, Job, Outcome } from '../wire';

/** How long the block may rest in the page before the kernel hears of it; running a cell does not wait for that. */
const REST = 400;
/** How often a kernel that has not answered is told again that it is held. */
const TRIES = 4;

export interface ILinkOptions {
  project: INotebookProject;
  client: Pick<IDepClient, 'job'>;
  contents: Contents.IManager;
  notifier: INotifier;
  saveAfterEdit: () => boolean;
  /** Goes out before a cell's request does. */
  scheduled: ISignal<unknown, { notebook: Notebook; cell: Cell }>;
}

export interface IDepLinks {
  get(project: INotebookProject): NotebookLink | undefined;
}

export const IDepLinks = new Token<IDepLinks>('jupyter-dep:IDepLinks', 'The links between open notebooks and their kernels.');

export class NotebookLink implements IDisposable {
  constructor(private readonly _options: ILinkOptions) {
    const { project } = _options;
    this.project = project;
    project.notebook.disposed.connect(this.dispose, this);
    this._ready = project.notebook.context.ready.then(() => this._start());
  }

  readonly project: INotebookProject;

  /** Whether the notebook's kernel is one of ours. */
  get ours(): boolean {
    return this._comm !== null;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    clearTimeout(this._resting);
    this._editor?.dispose();
    this._comm?.dispose();
    this._comm = null;
    this.project.setHolder(null);
    Signal.clearData(this);
  }

  /**
   * Carries out what a job of this notebook ended with, once; everybody who asks waits for the same.
   *
   * `mine`: this page started it, so that the kernel's switch is this page's to order.
   */
  finish(job: Job, mine: boolean): Promise<void> {
    const known = this._finishing.get(job.id);
    if (known) {
      return known;
    }
    const work = this._finish(job, mine);
    this._finishing.set(job.id, work);
    return work;
  }

  /** Has a kernel that only explained itself try again; the cells that wait run once it has started. */
  retry(): void {
    this._comm?.retry();
  }

  private get sessionContext(): ISessionContext {
    return this.project.notebook.sessionContext;
  }

  private get _shared(): ISharedNotebook {
    return this.project.notebook.context.model.sharedModel;
  }

  private _start(): void {
    const { project, _options: options } = this;
    if (this._disposed || project.notebook.isDisposed) {
      return;
    }
    const { context } = project.notebook;
    project.setHolder({ block: () => blockText(this._shared) });
    this._editor = new Editor({
      project,
      contents: options.contents,
      notifier: options.notifier,
      saveAfterEdit: options.saveAfterEdit,
      ours: () => this.ours
    });
    context.model.contentChanged.connect(this._onContent, this);
    context.pathChanged.connect(this._tell, this);
    this.sessionContext.kernelChanged.connect(this._onKernel, this);
    this.sessionContext.statusChanged.connect(this._onStatus, this);
    options.scheduled.connect(this._onScheduled, this);
    project.jobEnded.connect(this._onJobEnded, this);
    project.changed.connect(this._onProject, this);
    void this._attach(this.sessionContext.session?.kernel ?? null);
    void this._resume();
  }

  // The kernel

  private _onKernel(_: unknown, { newValue }: { newValue: Kernel.IKernelConnection | null }): void {
    void this._attach(newValue);
  }

  private async _attach(kernel: Kernel.IKernelConnection | null): Promise<void> {
    this._comm?.dispose();
    this._comm = null;
    if (kernel === null || kernel.isDisposed || !(await isDepKernel(kernel))) {
      return;
    }
    if (this._disposed || kernel.isDisposed || this.sessionContext.session?.kernel !== kernel || this._comm !== null) {
      return;
    }
    this._comm = new KernelComm(kernel);
    this._comm.heard.connect(this._onHeard, this);
    this._comm.replaced.connect(this._onReplaced, this);
    this._announce(TRIES);
    this.project.setHolding(null);
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    this._ran = this._ran && status !== 'idle';
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this._forget();
    } else if (status === 'idle' && this._tries > 0 && this._comm !== null) {
      // nothing came back: the message met a kernel that was on its way out, or the answer found nobody listening
      this._announce(this._tries - 1);
    }
  }

  private _onReplaced(): void {
    this._forget();
    this._announce(TRIES);
  }

  private _forget(): void {
    this.project.setSwitched(null, []);
    this.project.setHolding(null);
  }

  private _announce(tries: number): void {
    this._tries = tries;
    this._told = this._holds();
    this._comm?.announce(this._told);
  }

  private _onHeard(_: unknown, message: CommOut): void {
    const { project } = this;
    this._tries = 0;
    switch (message.type) {
      case 'edit':
        void this._editor?.edit(message, this._ran);
        break;
      case 'switched':
        project.setHolding(null);
        project.setSwitched(message.key, message.restart, message.starter);
        break;
      case 'carried':
        void project.refresh();
        break;
      case 'holding':
        project.setHolding(message);
        if (message.state === 'ready') {
          this._announce(TRIES);
        }
    }
  }

  // The live block

  private _holds(): Holds {
    return { holds: true, block: blockText(this._shared), path: this.project.path };
  }

  private _onContent(): void {
    // outputs are content, too, and come in storms
    this._resting ??= setTimeout(() => this._tell(), REST);
  }

  private _onScheduled(_: unknown, { notebook }: { notebook: Notebook }): void {
    if (notebook === this.project.notebook.content) {
      this._ran = true;
      this._tell();
    }
  }

  private _tell(): void {
    clearTimeout(this._resting);
    this._resting = undefined;
    if (this._disposed || this._comm === null) {
      return;
    }
    const holds = this._holds();
    if (holds.block !== this._told?.block || holds.path !== this._told?.path) {
      this._told = holds;
      this._comm.tell(holds);
    }
  }

  // Jobs

  private _onJobEnded(_: unknown, { job, mine, wait }: IEndedJob): void {
    wait(this.finish(job, mine));
  }

  private async _finish(job: Job, mine: boolean): Promise<void> {
    await this._ready;
    if (job.state === 'done' && job.outcome !== null && job.outcome.data.dry_run !== true) {
      await this._apply(job.outcome, mine);
      if (mine && job.kind !== 'outdated' && this._isBlocked()) {
        this.retry();
      }
    }
    if (sessionStorage.getItem(this._awaited) === job.id) {
      sessionStorage.removeItem(this._awaited);
    }
  }

  /** Switches the kernel and makes the edit that a job ended with. */
  private async _apply({ edit, switch: to }: Outcome, mine: boolean): Promise<void> {
    if (mine && to !== null) {
      this._comm?.order(to);
    }
    if (edit !== null) {
      await this._editor?.edit(edit, mine);
    }
  }

  /** Whether the kernel waits for what a job may have brought. */
  private _isBlocked(): boolean {
    const state = this.project.holding?.state;
    return state === 'diagnosis' || state === 'asking';
  }

  private _onProject(): void {
    const { active } = this.project;
    if (active !== null && !this._finishing.has(active.id)) {
      sessionStorage.setItem(this._awaited, active.id);
    }
  }

  /** A job that ended while this tab was being reloaded: its edit is still to be made. */
  private async _resume(): Promise<void> {
    const id = sessionStorage.getItem(this._awaited);
    if (id === null) {
      return;
    }
    try {
      const job = await this._options.client.job(id);
      if (job.ended !== null) {
        await this.finish(job, true);
      }
    } catch {
      // the server has forgotten it, or does not answer: the panel tells what is declared and what is locked
    }
  }

  private get _awaited(): string {
    return `${NAME}:job:${this.project.path}`;
  }

  private readonly _ready: Promise<void>;
  private readonly _finishing = new Map<string, Promise<void>>();
  private _comm: KernelComm | null = null;
  private _told: Holds | null = null;
  /** Whether a cell was run here since the kernel was last idle. */
  private _ran = false;
  private _editor: Editor | null = null;
  private _tries = 0;
  private _resting: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
