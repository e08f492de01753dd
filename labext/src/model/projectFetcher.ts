/**
 * What the server last said of one notebook's project, read again whenever somebody asks, one reading at a time.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { problemOf, ProblemError } from './client/problems';
import type { IDepClient } from './tokens';
import type { Packages, Problem, Project } from './wire';

/** The drives whose paths are the server's: its own, and the shared documents on it. */
const OUR_DRIVES = new Set(['', 'RTC']);

export interface IFetcherOptions {
  notebook: NotebookPanel;
  client: IDepClient;
  contents: Pick<Contents.IManager, 'localPath' | 'driveName'>;
  trans: TranslationBundle;
}

export class ProjectFetcher {
  constructor(options: IFetcherOptions, changed: () => void) {
    this._notebook = options.notebook;
    this._client = options.client;
    this._contents = options.contents;
    this._trans = options.trans;
    this._changed = changed;
  }

  get path(): string {
    return this._contents.localPath(this._notebook.context.path);
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

  dispose(): void {
    this._disposed = true;
  }

  async refresh(): Promise<void> {
    if (this._disposed || !this._notebook.context.isReady) {
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

  /** The notebook has another path by now: what was said is of the one before. */
  forget(): void {
    this._project = null;
    this._packages = null;
  }

  private async _read(): Promise<void> {
    while (this._again && !this._disposed) {
      this._again = false;
      const path = this.path;
      try {
        if (!OUR_DRIVES.has(this._contents.driveName(this._notebook.context.path))) {
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
      this._changed();
    }
  }

  private _elsewhere(): Problem {
    return {
      code: 'elsewhere',
      message: this._trans.__('this notebook is not stored on the Jupyter server'),
      hint: this._trans.__('Copy it to the server to give it an environment.'),
      context: {},
      steps: []
    };
  }

  private readonly _notebook: NotebookPanel;
  private readonly _client: IDepClient;
  private readonly _contents: IFetcherOptions['contents'];
  private readonly _trans: TranslationBundle;
  private readonly _changed: () => void;
  private _project: Project | null = null;
  private _packages: Packages | null = null;
  private _problem: Problem | null = null;
  private _wantsPackages = false;
  private _reading: Promise<void> | null = null;
  private _again = false;
  private _disposed = false;
}

/** A lock that can not be read, or went away just now: the project's own state says so. */
function unreadable(error: unknown): null {
  if (error instanceof ProblemError) {
    return null;
  }
  throw error;
}
