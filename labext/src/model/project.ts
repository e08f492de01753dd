/**
 * The model of one notebook's project: what the server last said, the jobs that it runs, and what the kernel told.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import { NotebookJobs } from './jobs';
import { type IFetcherOptions, ProjectFetcher } from './projectFetcher';
import {
  type IDeclarationHolder,
  type IDepClient,
  type IEndedJob,
  type INotebookProject,
  type IRestartRequest,
  NAME,
  type Work
} from './tokens';
import type { HoldingState, Job, JobRequest, Packages, Problem, Project, Switched } from './wire';

export interface IProjectOptions extends IFetcherOptions {
  /** Whether the server lets this user change things. */
  allowed: () => boolean;
}

export class NotebookProject implements INotebookProject {
  constructor(options: IProjectOptions) {
    this.notebook = options.notebook;
    this._client = options.client;
    this._trans = options.trans;
    this._allowed = options.allowed;
    this._reading = new ProjectFetcher(options, () => this._emit());
    this._jobs = new NotebookJobs({
      client: options.client,
      trans: options.trans,
      path: () => this.path,
      request: work => this._request(work),
      refresh: () => this.refresh(),
      ended: end => this._jobEnded.emit(end),
      changed: () => this._emit()
    });
    const { context } = this.notebook;
    context.pathChanged.connect(this._onPathChanged, this);
    context.saveState.connect(this._onSave, this);
    context.sessionContext.kernelChanged.connect(this._onKernel, this);
    context.sessionContext.statusChanged.connect(this._emit, this);
    this._client.connectionStateChanged.connect(this._onConnectionState, this);
    this.notebook.disposed.connect(this.dispose, this);
    void context.ready.then(() => this._start());
  }

  readonly notebook: NotebookPanel;

  get path(): string {
    return this._reading.path;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get jobEnded(): ISignal<this, IEndedJob> {
    return this._jobEnded;
  }

  get consentRequested(): ISignal<this, void> {
    return this._consentRequested;
  }

  get restartRequested(): ISignal<this, IRestartRequest> {
    return this._restartRequested;
  }

  get project(): Project | null {
    return this._reading.project;
  }

  get packages(): Packages | null {
    return this._reading.packages;
  }

  get problem(): Problem | null {
    return this._reading.problem;
  }

  get jobs(): ReadonlyArray<Job> {
    return this._jobs.known;
  }

  get active(): Job | null {
    return this._jobs.active;
  }

  get requestedNames(): ReadonlyMap<string, ReadonlyArray<string>> {
    return this._jobs.requestedNames;
  }

  get dismissed(): string | null {
    return this._dismissed ?? sessionStorage.getItem(this._dismissedKey);
  }

  get newer(): ReadonlyMap<string, string> | null {
    return this._jobs.newer;
  }

  get blockedReason(): string {
    if (this._client.connectionState !== 'up' && this._client.connectionState !== 'unknown') {
      return this._trans.__('The server is not responding as expected.');
    }
    if (!this._allowed()) {
      return this._trans.__('You are not allowed to change packages on this server.');
    }
    if (this._isReadOnly()) {
      return this._trans.__('The notebook is read-only.');
    }
    if (this.project === null) {
      return this._trans.__('The packages of this notebook have not been loaded.');
    }
    return this.active === null ? '' : this._trans.__('Wait for the running job, or cancel it.');
  }

  get kernelKey(): string | null {
    return this._kernelKey;
  }

  get restart(): Switched['restart'] {
    return this._restart;
  }

  get starter(): boolean {
    return this._starter;
  }

  get holding(): HoldingState | null {
    return this._holding;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this._reading.dispose();
    this._jobs.dispose();
    Signal.clearData(this);
  }

  refresh(): Promise<void> {
    return this._reading.refresh();
  }

  openPackages(): void {
    this._reading.openPackages();
  }

  run(work: Work): Promise<Job> {
    return this._jobs.run(work);
  }

  cancel(): Promise<void> {
    return this._jobs.cancel();
  }

  dismiss(id: string): void {
    this._dismissed = id;
    // a page that is loaded anew hears of the job again
    sessionStorage.setItem(this._dismissedKey, id);
    this._emit();
  }

  askConsent(): void {
    this._consentRequested.emit();
  }

  askRestart(request: IRestartRequest = { confirm: false }): void {
    this._restartRequested.emit(request);
  }

  setSwitched(key: string | null, restart: Switched['restart'], starter = false): void {
    this._kernelKey = key;
    this._restart = restart;
    this._starter = starter;
    this._emit();
  }

  setHolding(state: HoldingState | null): void {
    this._holding = state?.state === 'ready' ? null : state;
    this._emit();
    if (state?.state === 'ready') {
      void this.refresh();
    }
  }

  setHolder(holder: IDeclarationHolder | null): void {
    this._holder = holder;
  }

  onJob(job: Job): void {
    this._jobs.onJob(job);
  }

  private _isReadOnly(): boolean {
    return this.notebook.isDisposed || Boolean(this.notebook.context.model?.readOnly) || this.project?.writable === false;
  }

  /** The work with what only the notebook and its kernel know. */
  private _request(work: Work): JobRequest {
    return {
      ...work,
      path: this.path,
      held: this._holder !== null,
      block: this._holder?.block() ?? null,
      environment: this._kernelKey
    };
  }

  private async _start(): Promise<void> {
    await this.refresh();
    await this._jobs.catchUp();
  }

  private _onPathChanged(): void {
    this._reading.forget();
    void this.refresh();
  }

  private _onSave(_: unknown, state: string): void {
    if (state === 'completed' || state === 'completed manually') {
      void this.refresh();
    }
  }

  private _onKernel(): void {
    this.setSwitched(null, []);
    this.setHolding(null);
    void this.refresh();
  }

  private _onConnectionState(): void {
    this._emit();
    const { connectionState } = this._client;
    if (connectionState === 'up' && (this._away || this.problem !== null)) {
      void this.refresh().then(() => this._jobs.catchUp());
    }
    this._away = connectionState !== 'up';
  }

  private get _dismissedKey(): string {
    return `${NAME}:dismissed:${this.path}`;
  }

  private _emit(): void {
    if (this._emitting || this._disposed) {
      return;
    }
    this._emitting = true;
    void Promise.resolve().then(() => {
      this._emitting = false;
      if (!this._disposed) {
        this._changed.emit();
      }
    });
  }

  private readonly _client: IDepClient;
  private readonly _trans: TranslationBundle;
  private readonly _allowed: () => boolean;
  private readonly _reading: ProjectFetcher;
  private readonly _jobs: NotebookJobs;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _jobEnded = new Signal<this, IEndedJob>(this);
  private readonly _consentRequested = new Signal<this, void>(this);
  private readonly _restartRequested = new Signal<this, IRestartRequest>(this);
  private _kernelKey: string | null = null;
  private _restart: Switched['restart'] = [];
  private _starter = false;
  private _holding: HoldingState | null = null;
  private _holder: IDeclarationHolder | null = null;
  private _dismissed: string | null = null;
  private _away = false;
  private _emitting = false;
  private _disposed = false;
}
