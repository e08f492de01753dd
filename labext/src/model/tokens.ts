/**
 * What the plugins of this extension know of each other: one token, the model of a notebook's project, the client.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  About,
  ConsentPage,
  Details,
  Hits,
  HoldingState,
  Job,
  JobRequest,
  Kernels,
  Jobs,
  Nonce,
  Packages,
  Problem,
  Project,
  Pythons,
  Switched
} from './wire';

/** The namespace of commands, plugin ids, CSS classes and widget ids. */
export const NAME = 'jupyter-dep';

export const COMM_TARGET = 'jupyter-dep';

/**
 * The commands that everybody can invoke, output of an untrusted notebook too: none takes arguments, each only shows something
 * or asks in a dialog. What changes a project is in the panel and in the badge's menu, out of reach.
 */
export const CommandIds = {
  openPanel: 'jupyter-dep:open-panel',
  askConsent: 'jupyter-dep:ask-consent',
  restart: 'jupyter-dep:restart-kernel'
} as const;

/** How the page stands to the server's side of jupyter-dep. */
export type ConnectionState =
  /** Nothing was asked yet. */
  | 'unknown'
  | 'up'
  /** No answer: it is asked again, later and later, and nothing is lost. */
  | 'lost'
  /** The server has no jupyter-dep, or a disabled one. */
  | 'absent'
  /** The page and the server are of two versions. */
  | 'mismatch';

/** The REST of `jupyter_dep_server`; every method rejects with `ProblemError` or `UnreachableError` of `api.ts`. */
export interface IDepClient {
  readonly connectionState: ConnectionState;
  readonly connectionStateChanged: ISignal<IDepClient, ConnectionState>;
  /** What to do about a mismatch, in the server's words; empty otherwise. */
  readonly mismatch: string;
  about(): Promise<About>;
  project(path: string): Promise<Project>;
  packages(path: string): Promise<Packages>;
  pythons(path: string): Promise<Pythons>;
  search(words: string, path: string, limit?: number): Promise<Hits>;
  details(name: string, path: string): Promise<Details>;
  kernels(): Promise<Kernels>;
  jobs(path: string): Promise<Jobs>;
  job(id: string): Promise<Job>;
  start(request: JobRequest): Promise<Job>;
  cancel(id: string): Promise<Job>;
  consent(path: string): Promise<ConsentPage>;
  nonce(path: string): Promise<Nonce>;
  revoke(path: string): Promise<void>;
}

/** The live text of the declaration's cell. While it is set, jobs are run as `held`: the page makes their edits. */
export interface IDeclarationHolder {
  /** The whole source of the cell that holds the block; null where no cell does. */
  block(): string | null;
}

/** A job that has ended, and whether this page started it (another tab, or another user, may have). */
export interface IEndedJob {
  readonly job: Job;
  readonly mine: boolean;
  /** The job stays `active`, and what it ended with untold, until this is done, too: no state shows that lasts a blink. */
  readonly wait: (work: Promise<unknown>) => void;
}

/** A job without what the model fills in: path, `held`, `block` and `environment`. */
export type Work = Omit<JobRequest, 'path' | 'held' | 'block' | 'environment'>;

/** One notebook's project, as the page knows it. `changed` goes out, at most once a frame, whenever a property differs. */
export interface INotebookProject extends IDisposable {
  readonly notebook: NotebookPanel;
  /** The path that the contents API knows it by; follows renames. */
  readonly path: string;
  readonly changed: ISignal<INotebookProject, void>;

  /** Null until it was read. */
  readonly project: Project | null;
  /** Null until `openPackages` was called and answered. */
  readonly packages: Packages | null;
  /** Why the project can not be told; the last known `project` stays. */
  readonly problem: Problem | null;
  /** Newest first. */
  readonly jobs: ReadonlyArray<Job>;
  /** The job that runs now, or has ended and is being carried out in the page; null without one. */
  readonly active: Job | null;
  /** The names that the jobs of this page were asked for, by the job's id; nothing of other pages' jobs. */
  readonly requestedNames: ReadonlyMap<string, ReadonlyArray<string>>;
  /** The id of the job whose failure nobody wants to see any more. */
  readonly dismissed: string | null;
  /** Newest versions by name, after a "check for updates"; null before one. */
  readonly newer: ReadonlyMap<string, string> | null;
  /** Why nothing can be changed here, as shown to people; empty if it can. */
  readonly blockedReason: string;

  /** The environment that the kernel has said that it runs on; null where it said nothing. */
  readonly kernelKey: string | null;
  /** Loaded distributions that differ from the environment's: name, before, after. */
  readonly restart: Switched['restart'];
  readonly starter: boolean;
  readonly holding: HoldingState | null;

  /** Reads the project again; rejects never. */
  refresh(): Promise<void>;
  /** From now on the list of packages is read along with the project. */
  openPackages(): void;
  /** Starts a job and answers with its end; rejects where it could not be started. */
  run(work: Work): Promise<Job>;
  cancel(): Promise<void>;
  /** The failure of this job has been read. */
  dismiss(id: string): void;

  /** What the kernel told over the comm. A null key: the kernel is gone or is another one. */
  setSwitched(key: string | null, restart: Switched['restart'], starter?: boolean): void;
  setHolding(state: HoldingState | null): void;
  setHolder(holder: IDeclarationHolder | null): void;

  /** A job of this notebook has ended, whoever started it: its `outcome` may hold an edit and a switch to carry out. */
  readonly jobEnded: ISignal<INotebookProject, IEndedJob>;
  /** Somebody pressed what leads to the consent dialog. */
  readonly consentRequested: ISignal<INotebookProject, void>;
  askConsent(): void;
  /** Somebody pressed what restarts the kernel. */
  readonly restartRequested: ISignal<INotebookProject, IRestartRequest>;
  askRestart(request?: IRestartRequest): void;
}

/** A request to restart the kernel. `confirm`: ask the user first, whatever the settings say. */
export interface IRestartRequest {
  readonly confirm: boolean;
}

export interface IDepProjects {
  readonly client: IDepClient;
  /** The project of a notebook that is open; made when it is first asked for, disposed with the notebook. */
  get(notebook: NotebookPanel): INotebookProject;
  readonly open: ReadonlyArray<INotebookProject>;
  readonly added: ISignal<IDepProjects, INotebookProject>;
  /** That of the notebook in front; null where none is. */
  readonly current: INotebookProject | null;
  readonly currentChanged: ISignal<IDepProjects, INotebookProject | null>;
}

export const IDepProjects = new Token<IDepProjects>(
  'jupyter-dep:IDepProjects',
  'The projects of the notebooks that are open: their state, jobs and kernels.'
);
