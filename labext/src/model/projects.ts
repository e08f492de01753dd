/**
 * The projects of the notebooks that are open, one model each, and the events of the server dealt out to them.
 */
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Event, Kernel, ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type { DepClient } from './client/api';
import { NotebookProject } from './project';
import type { IDepProjects, INotebookProject } from './tokens';
import type { Job, ProjectEvent } from './wire';

const EVENTS = /\/events\/(job|project)\/v1$/;

export interface IProjectsOptions {
  tracker: INotebookTracker;
  client: DepClient;
  services: Pick<ServiceManager.IManager, 'contents' | 'events' | 'connectionFailure'>;
  trans: TranslationBundle;
}

export class DepProjects implements IDepProjects {
  constructor(options: IProjectsOptions) {
    this.client = options.client;
    this._services = options.services;
    this._trans = options.trans;
    this._tracker = options.tracker;
    options.tracker.currentChanged.connect(this._onCurrent, this);
    options.services.events.stream.connect(this._onEvent, this);
    options.services.connectionFailure.connect(() => this.client.doubt());
    options.client.connectionStateChanged.connect(this._onConnectionState, this);
    window.addEventListener('focus', () => void this.current?.refresh());
    this._onConnectionState();
    this._onCurrent();
  }

  readonly client: DepClient;

  get open(): ReadonlyArray<NotebookProject> {
    return [...this._open.values()];
  }

  get added(): ISignal<this, INotebookProject> {
    return this._added;
  }

  get current(): NotebookProject | null {
    return this._current;
  }

  get currentChanged(): ISignal<this, INotebookProject | null> {
    return this._currentChanged;
  }

  get(notebook: NotebookPanel): NotebookProject {
    const known = this._open.get(notebook);
    if (known) {
      return known;
    }
    const made = new NotebookProject({
      notebook,
      client: this.client,
      contents: this._services.contents,
      trans: this._trans,
      allowed: () => this._allowed
    });
    this._open.set(notebook, made);
    notebook.sessionContext.connectionStatusChanged.connect(this._onConnection, this);
    notebook.disposed.connect(() => {
      this._open.delete(notebook);
    });
    this._added.emit(made);
    return made;
  }

  private _onCurrent(): void {
    const notebook = this._tracker.currentWidget;
    const next = notebook === null || notebook.isDisposed ? null : this.get(notebook);
    if (next === this._current) {
      return;
    }
    this._current = next;
    void next?.refresh();
    this._currentChanged.emit(next);
  }

  private _onEvent(_: unknown, event: Event.Emission): void {
    const kind = EVENTS.exec(event.schema_id)?.[1];
    if (kind === 'job') {
      const job = event.job as unknown as Job;
      this._of(job.path).forEach(project => project.onJob(job));
    } else if (kind === 'project') {
      const { path } = event as unknown as ProjectEvent;
      this._of(path).forEach(project => void project.refresh());
    }
  }

  private _of(path: string): NotebookProject[] {
    return this.open.filter(project => project.path === path);
  }

  /** The kernel's socket goes down with the server: nothing of ours would ask, and so learn of it, for a long time. */
  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status !== 'connected') {
      this.client.doubt();
    } else if (this.client.connectionState === 'lost') {
      this.client.about().catch(() => undefined);
    }
  }

  private _onConnectionState(): void {
    const { connectionState } = this.client;
    if (connectionState === 'unknown' || connectionState === 'up') {
      this.client.about().then(
        about => {
          this._allowed = about.allowed;
        },
        () => undefined
      );
    }
  }

  private readonly _services: IProjectsOptions['services'];
  private readonly _trans: TranslationBundle;
  private readonly _tracker: INotebookTracker;
  private readonly _open = new Map<NotebookPanel, NotebookProject>();
  private readonly _added = new Signal<this, INotebookProject>(this);
  private readonly _currentChanged = new Signal<this, INotebookProject | null>(this);
  private _current: NotebookProject | null = null;
  private _allowed = true;
}
