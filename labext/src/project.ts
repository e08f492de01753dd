/**
 * The model of one notebook's project: what the server last said, the jobs that it runs, and what the kernel told.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import { problemOf, ProblemError } from './api';
import { normal } from './installline';
import { type IDeclarationHolder, type IDepClient, type IEndedJob, type INotebookProject, NAME, type Work } from './tokens';
import type { HoldingState, Job, Packages, Problem, Project, Switched } from './wire';

const KEPT_JOBS = 20;
/** How long the stream of events may be silent before a running job is asked for, and then how often. */
const QUIET = 1500;
/** How long an ended job's edit and switch may keep its end from being told. */
const LONGEST_FINISH = 10_000;
/** The drives whose paths are the server's: its own, and the shared documents on it. */
const OUR_DRIVES = new Set(['', 'RTC']);

export function isEnded(job: Job): boolean {
  return job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';
}

export interface IProjectOptions {
  notebook: NotebookPanel;
  client: IDepClient;
  contents: Pick<Contents.IManager, 'localPath' | 'driveName'>;
  trans: TranslationBundle;
  /** Whether the server lets this user change things. */
  allowed: () => boolean;
}

export class NotebookProject implements INotebookProject {
  constructor(options: IProjectOptions) {
    this.notebook = options.notebook;
    this._client = options.client;
    this._contents = options.contents;
    this._trans = options.trans;
    this._allowed = options.allowed;
    const { context } = this.notebook;
    context.pathChanged.connect(this._onPathChanged, this);
    context.saveState.connect(this._onSave, this);
    context.sessionContext.kernelChanged.connect(this._onKernel, this);
    context.sessionContext.statusChanged.connect(this._emit, this);
    this._client.reachChanged.connect(this._onReach, this);
    this.notebook.disposed.connect(this.dispose, this);
    void context.ready.then(() => this._start());
  }

  readonly notebook: NotebookPanel;

  get path(): string {
    return this._contents.localPath(this.notebook.context.path);
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

  get restartRequested(): ISignal<this, void> {
    return this._restartRequested;
  }

  get project(): Project | null {
    return this._project;
  }

  get packages(): Packages | null {
    return this._packages;
  }

  get problem(): Problem | null {
    return this._problem;
  }

  get jobs(): ReadonlyArray<Job> {
    return this._jobs;
  }

  get active(): Job | null {
    return this._jobs.find(job => !isEnded(job)) ?? this._finishing;
  }

  get asked(): ReadonlyMap<string, ReadonlyArray<string>> {
    return this._asked;
  }

  get dismissed(): string | null {
    return this._dismissed ?? sessionStorage.getItem(this._dismissedKey);
  }

  get newer(): ReadonlyMap<string, string> | null {
    return this._newer;
  }

  get locked(): string {
    if (this._client.reach !== 'up' && this._client.reach !== 'unknown') {
      return this._trans.__('The server does not answer as it should.');
    }
    if (!this._allowed()) {
      return this._trans.__('The server does not let you change things here.');
    }
    if (this.notebook.isDisposed || this.notebook.context.model?.readOnly || this._project?.writable === false) {
      return this._trans.__('The notebook is read-only.');
    }
    if (this._project === null) {
      return this._trans.__('The project has not been read.');
    }
    return this.active === null ? '' : this._trans.__('Wait for the work that runs, or cancel it.');
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
    clearTimeout(this._poll);
    for (const [, give] of this._waiting) {
      give(null);
    }
    this._waiting.clear();
    Signal.clearData(this);
  }

  async refresh(): Promise<void> {
    if (this._disposed || !this.notebook.context.isReady) {
      return;
    }
    this._again = true;
    this._reading ??= this._read().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  openPackages(): void {
    if (!this._wantsPackages) {
      this._wantsPackages = true;
      void this.refresh();
    }
  }

  async run(work: Work): Promise<Job> {
    const held = this._holder !== null;
    this._starting += 1;
    try {
      const job = await this._client.start({
        ...work,
        path: this.path,
        held,
        block: this._holder?.block() ?? null,
        environment: this._kernelKey
      });
      this._mine.add(job.id);
      this._asked.set(job.id, work.names ?? []);
      return new Promise((resolve, reject) => {
        this._waiting.set(job.id, ended =>
          ended ? resolve(ended) : reject(new Error(this._trans.__('the notebook was closed')))
        );
        this.onJob(job);
      });
    } finally {
      this._starting -= 1;
      this._early.splice(0).forEach(job => this.onJob(job));
    }
  }

  async cancel(): Promise<void> {
    const job = this._jobs.find(one => !isEnded(one));
    if (job) {
      this.onJob(await this._client.cancel(job.id));
    }
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

  askRestart(): void {
    this._restartRequested.emit();
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

  /** A job's newest state, from the stream, from polling or from an answer, in any order. */
  onJob(job: Job): void {
    if (this._disposed) {
      return;
    }
    if (this._starting > 0 && isEnded(job) && !this._mine.has(job.id)) {
      this._early.push(job); // the stream may be faster than the answer to the start, which says whose it is
      return;
    }
    const at = this._jobs.findIndex(known => known.id === job.id);
    const known = this._jobs[at];
    if (known && isEnded(known)) {
      this._settle(known);
      return;
    }
    this._heard = Date.now();
    this._jobs = at < 0 ? [job, ...this._jobs] : this._jobs.map(one => (one.id === job.id ? job : one));
    this._jobs.sort((one, other) => other.created.localeCompare(one.created));
    this._jobs.length = Math.min(this._jobs.length, KEPT_JOBS);
    if (isEnded(job)) {
      this._onEnd(job);
    } else {
      this._watch();
    }
    this._emit();
  }

  private _onEnd(job: Job): void {
    if (job.kind === 'outdated') {
      this._newer = job.outcome ? newest(job.outcome.data) : this._newer;
    } else if (job.state === 'done') {
      this._newer = null;
    }
    const works: Promise<unknown>[] = [];
    this._finishing = job;
    this._jobEnded.emit({ job, mine: this._mine.has(job.id), wait: work => works.push(work) });
    this._settle(job);
    void this._finish(job, works);
  }

  private async _finish(job: Job, works: ReadonlyArray<Promise<unknown>>): Promise<void> {
    const enough = new Promise(resolve => setTimeout(resolve, LONGEST_FINISH));
    await Promise.race([Promise.allSettled(works), enough]);
    await this.refresh();
    if (this._finishing === job) {
      this._finishing = null;
      this._emit();
    }
  }

  private _settle(job: Job): void {
    const give = this._waiting.get(job.id);
    this._waiting.delete(job.id);
    give?.(job);
  }

  private async _start(): Promise<void> {
    await this.refresh();
    await this._catchUp();
  }

  /** The jobs that run although this page did not hear of them: after a reload, a cut, or from another tab. */
  private async _catchUp(): Promise<void> {
    try {
      const { jobs } = await this._client.jobs(this.path);
      for (const job of [...jobs].sort((one, other) => one.created.localeCompare(other.created))) {
        if (!isEnded(job) || this._jobs.some(known => known.id === job.id)) {
          this.onJob(job);
        } else {
          this._remember(job);
        }
      }
    } catch {
      // what there is to say, `refresh` has said
    }
  }

  /** A job that had ended before this page knew of it: shown in the log, acted on by nobody. */
  private _remember(job: Job): void {
    this._jobs = [job, ...this._jobs].slice(0, KEPT_JOBS);
    this._emit();
  }

  private async _read(): Promise<void> {
    while (this._again && !this._disposed) {
      this._again = false;
      const path = this.path;
      try {
        if (!OUR_DRIVES.has(this._contents.driveName(this.notebook.context.path))) {
          throw new ProblemError(this._elsewhere(), 404);
        }
        const project = await this._client.project(path);
        const packages =
          this._wantsPackages && project.lock !== null ? await this._client.packages(path).catch(unreadable) : null;
        if (path === this.path) {
          this._project = project;
          this._packages = packages;
          this._problem = null;
        }
      } catch (error) {
        this._problem = problemOf(error);
      }
      this._emit();
    }
  }

  private _elsewhere(): Problem {
    return {
      code: 'elsewhere',
      message: this._trans.__('this notebook is not on the disk of the Jupyter server'),
      hint: this._trans.__("Copy it into the server's folder to give it an environment."),
      context: {}
    };
  }

  /** While a job runs and the stream is silent, the job is asked for. */
  private _watch(): void {
    if (this._poll !== undefined) {
      return;
    }
    this._poll = setTimeout(() => {
      this._poll = undefined;
      const job = this._jobs.find(one => !isEnded(one));
      if (job === undefined || this._disposed) {
        return;
      }
      if (Date.now() - this._heard < QUIET) {
        this._watch();
        return;
      }
      this._client.job(job.id).then(
        found => {
          this.onJob(found);
          this._watch();
        },
        (error: unknown) => {
          if (error instanceof ProblemError && error.status === 404) {
            this.onJob(this._forgotten(job));
          } else {
            this._watch();
          }
        }
      );
    }, QUIET);
  }

  /** The server was restarted and knows nothing of the job any more. */
  private _forgotten(job: Job): Job {
    const message = this._trans.__('the server was restarted during this work');
    const hint = this._trans.__('Nothing is half-written. Do it again.');
    const failure = {
      id: 0,
      verb: job.kind,
      code: 'forgotten',
      message,
      hint,
      context: {},
      exit_code: 1,
      type: 'failure' as const
    };
    return { ...job, state: 'failed', ended: new Date().toISOString(), failure };
  }

  private _onPathChanged(): void {
    this._project = null;
    this._packages = null;
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

  private _onReach(): void {
    this._emit();
    const { reach } = this._client;
    if (reach === 'up' && (this._away || this._problem !== null)) {
      void this.refresh().then(() => this._catchUp());
    }
    this._away = reach !== 'up';
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
  private readonly _contents: IProjectOptions['contents'];
  private readonly _trans: TranslationBundle;
  private readonly _allowed: () => boolean;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _jobEnded = new Signal<this, IEndedJob>(this);
  private readonly _consentRequested = new Signal<this, void>(this);
  private readonly _restartRequested = new Signal<this, void>(this);
  private readonly _mine = new Set<string>();
  private readonly _early: Job[] = [];
  private _starting = 0;
  private readonly _asked = new Map<string, ReadonlyArray<string>>();
  private readonly _waiting = new Map<string, (job: Job | null) => void>();
  private _project: Project | null = null;
  private _packages: Packages | null = null;
  private _problem: Problem | null = null;
  private _jobs: Job[] = [];
  private _newer: ReadonlyMap<string, string> | null = null;
  private _kernelKey: string | null = null;
  private _restart: Switched['restart'] = [];
  private _starter = false;
  private _holding: HoldingState | null = null;
  private _holder: IDeclarationHolder | null = null;
  private _finishing: Job | null = null;
  private _dismissed: string | null = null;
  private _away = false;
  private _wantsPackages = false;
  private _reading: Promise<void> | null = null;
  private _again = false;
  private _emitting = false;
  private _heard = 0;
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}

/** A lock that can not be read, or went away just now: the project's own state says so. */
function unreadable(error: unknown): null {
  if (error instanceof ProblemError) {
    return null;
  }
  throw error;
}

/** Name → newest version, out of what an `outdated` job tells. */
function newest(data: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of Array.isArray(data.packages) ? (data.packages as unknown[]) : []) {
    const { name, latest } = (row ?? {}) as { name?: unknown; latest?: unknown };
    if (typeof name === 'string' && typeof latest === 'string' && latest) {
      found.set(normal(name), latest);
    }
  }
  return found;
}
