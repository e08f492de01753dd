/**
 * The client of the server's REST. One place knows addresses, headers, and what a missing or odd answer means.
 *
 * While the server gives no answer it is asked again after 1, 2, 4, … 30 seconds; `reach` says when it is back. Only reading
 * is repeated by itself, by those who listen to `reach`: nobody wants a change to happen minutes after the click.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IDepClient, Reach } from '../tokens';
import {
  type About,
  type ConsentPage,
  type Details,
  HEADER,
  type Hits,
  type Job,
  type JobRequest,
  type Jobs,
  type Kernels,
  type Nonce,
  type Packages,
  type Problem,
  type Project,
  PROTOCOL,
  type Pythons
} from '../wire';

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** When a doubtful server is asked: at once, and then twice more, since one that shuts down answers for a while. */
const DOUBTS = [0, 2000, 4000];
/** What a proxy answers for a server that is away. */
const AWAY = new Set([502, 503, 504]);

/** The server said no, and why. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number
  ) {
    super(problem.message);
    this.name = 'ProblemError';
  }
}

/** The server said nothing. */
export class UnreachableError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
    this.name = 'UnreachableError';
  }
}

/** What there is to say of anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError || error instanceof UnreachableError) {
    return error.problem;
  }
  return { code: 'page', message: error instanceof Error ? error.message : String(error), hint: '', context: {}, steps: [] };
}

export interface IClientOptions {
  settings: ServerConnection.ISettings;
  trans: TranslationBundle;
  /** For tests. */
  request?: typeof ServerConnection.makeRequest;
}

export class DepClient implements IDepClient, IDisposable {
  constructor(options: IClientOptions) {
    this._settings = options.settings;
    this._trans = options.trans;
    this._request = options.request ?? ServerConnection.makeRequest;
  }

  get reach(): Reach {
    return this._reach;
  }

  get reachChanged(): ISignal<this, Reach> {
    return this._reachChanged;
  }

  get mismatch(): string {
    return this._mismatch;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    clearTimeout(this._doubting);
    Signal.clearData(this);
  }

  /** There is a reason to think that the server is gone. One that is known to be away is asked again anyway. */
  doubt(): void {
    clearTimeout(this._doubting);
    this._doubt(0);
  }

  about(): Promise<About> {
    return this._ask('GET', 'about');
  }

  project(path: string): Promise<Project> {
    return this._ask('GET', 'projects', { path });
  }

  packages(path: string): Promise<Packages> {
    return this._ask('GET', 'projects/packages', { path });
  }

  pythons(path: string): Promise<Pythons> {
    return this._ask('GET', 'projects/pythons', { path });
  }

  search(words: string, path: string, limit = 8): Promise<Hits> {
    return this._ask('GET', 'packages', { q: words, limit: String(limit), path });
  }

  details(name: string, path: string): Promise<Details> {
    return this._ask('GET', `packages/${encodeURIComponent(name)}`, { path });
  }

  kernels(): Promise<Kernels> {
    return this._ask('GET', 'kernels');
  }

  jobs(path: string): Promise<Jobs> {
    return this._ask('GET', 'jobs', { path });
  }

  job(id: string): Promise<Job> {
    return this._ask('GET', `jobs/${encodeURIComponent(id)}`);
  }

  start(request: JobRequest): Promise<Job> {
    return this._ask('POST', 'jobs', {}, request);
  }

  cancel(id: string): Promise<Job> {
    return this._ask('DELETE', `jobs/${encodeURIComponent(id)}`);
  }

  consent(path: string): Promise<ConsentPage> {
    return this._ask('GET', 'consent', { path });
  }

  nonce(path: string): Promise<Nonce> {
    return this._ask('POST', 'consent/nonce', {}, { path });
  }

  async revoke(path: string): Promise<void> {
    await this._ask('DELETE', 'consent', { path });
  }

  private async _ask<T>(method: string, where: string, query: Record<string, string> = {}, body?: unknown): Promise<T> {
    const url =
      URLExt.join(this._settings.baseUrl, 'jupyter-dep', where) +
      (Object.keys(query).length ? URLExt.objectToQueryString(query) : '');
    const headers: Record<string, string> = { [HEADER]: String(PROTOCOL) };
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }
    let response: Response;
    try {
      response = await this._request(
        url,
        { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
        this._settings
      );
    } catch (error) {
      throw this._lost(error instanceof Error ? error.message : String(error));
    }
    if (AWAY.has(response.status)) {
      throw this._lost(`${response.status} ${response.statusText}`);
    }
    return this._answer<T>(response);
  }

  private async _answer<T>(response: Response): Promise<T> {
    const theirs = response.headers.get(HEADER);
    const content: unknown = response.status === 204 ? null : await response.json().catch(() => undefined);
    if (!response.ok) {
      const problem = this._problem(response, content, theirs);
      const reach =
        problem.code === 'protocol-mismatch' ? 'mismatch' : problem.code === 'no-server-extension' ? 'absent' : 'up';
      this._mismatch = reach === 'mismatch' ? problem.hint || problem.message : '';
      this._setReach(reach);
      throw new ProblemError(problem, response.status);
    }
    if (theirs !== null && theirs !== String(PROTOCOL)) {
      this._mismatch = this._sideToUpgrade(Number(theirs));
      this._setReach('mismatch');
      throw new ProblemError(
        this._make('protocol-mismatch', this._trans.__('page and server are of two versions'), this._mismatch),
        409
      );
    }
    if (content === undefined) {
      throw new ProblemError(this._odd(response), response.status);
    }
    this._setReach('up');
    return content as T;
  }

  private _problem(response: Response, content: unknown, theirs: string | null): Problem {
    const body = content as Partial<Problem> | null | undefined;
    if (body && typeof body.code === 'string' && typeof body.message === 'string') {
      return { code: body.code, message: body.message, hint: body.hint ?? '', context: body.context ?? {}, steps: body.steps ?? [] };
    }
    if (response.status === 404 && theirs === null) {
      return this._make(
        'no-server-extension',
        this._trans.__('this server has no jupyter-dep'),
        this._trans.__('Install jupyter-dep where the server runs, or enable its server extension, then restart the server.')
      );
    }
    if (response.status === 401 || response.status === 403) {
      return this._make(
        'not-allowed',
        this._trans.__('the server does not let you do this'),
        this._trans.__('Sign in again, then reload the page.')
      );
    }
    return this._odd(response);
  }

  private _odd(response: Response): Problem {
    return this._make(
      'odd-answer',
      this._trans.__('the server answered %1 with something that is not ours', String(response.status)),
      this._trans.__("Look into the server's log, then try again.")
    );
  }

  private _make(code: string, message: string, hint: string): Problem {
    return { code, message, hint, context: {}, steps: [] };
  }

  private _sideToUpgrade(theirs: number): string {
    return theirs > PROTOCOL
      ? this._trans.__('Reload the page: the server has a newer jupyter-dep.')
      : this._trans.__('Upgrade jupyter-dep on the server and restart it: the page has a newer one.');
  }

  private _lost(why: string): UnreachableError {
    this._setReach('lost');
    this._askAgain();
    return new UnreachableError(
      this._make(
        'server-unreachable',
        this._trans.__('the server does not answer (%1)', why),
        this._trans.__('It is asked again by itself. If you stopped it, start it again.')
      )
    );
  }

  private _doubt(round: number): void {
    const pause = DOUBTS[round];
    if (pause === undefined || this._disposed || this._reach === 'lost') {
      return;
    }
    this._doubting = setTimeout(() => {
      this.about().catch(() => undefined);
      this._doubt(round + 1);
    }, pause);
  }

  private _askAgain(): void {
    if (this._timer !== undefined || this._disposed) {
      return;
    }
    this._timer = setTimeout(() => {
      this._timer = undefined;
      this._wait = Math.min(this._wait * 2, LONGEST_WAIT);
      this.about().catch(() => undefined);
    }, this._wait);
  }

  private _setReach(reach: Reach): void {
    if (reach !== 'lost') {
      clearTimeout(this._timer);
      this._timer = undefined;
      this._wait = FIRST_WAIT;
    }
    if (reach !== this._reach) {
      this._reach = reach;
      this._reachChanged.emit(reach);
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _trans: TranslationBundle;
  private readonly _request: typeof ServerConnection.makeRequest;
  private readonly _reachChanged = new Signal<this, Reach>(this);
  private _reach: Reach = 'unknown';
  private _mismatch = '';
  private _wait = FIRST_WAIT;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _doubting: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
