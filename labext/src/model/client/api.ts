/**
 * The client of the server's REST interface: addresses, headers, and what a missing or malformed answer means.
 *
 * While the server does not answer it is probed after 1, 2, 4, … 30 seconds; `connectionState` says when it is back. Only reads
 * are repeated automatically, by those who listen to `connectionStateChanged`: a change must not happen minutes after the click.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ConnectionState, IDepClient } from '../tokens';
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
import { Connection } from './connection';
import { answerProblem, ProblemError, unexpectedAnswer, UnreachableError, unreachable, versionMismatch } from './problems';

/** The statuses with which a proxy answers for a server that is down. */
const GATEWAY_ERRORS = new Set([502, 503, 504]);

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
    this._connection = new Connection(() => this.about());
    this._connection.stateChanged.connect((_, state) => this._connectionStateChanged.emit(state));
  }

  get connectionState(): ConnectionState {
    return this._connection.state;
  }

  get connectionStateChanged(): ISignal<this, ConnectionState> {
    return this._connectionStateChanged;
  }

  get mismatch(): string {
    return this._mismatch;
  }

  get isDisposed(): boolean {
    return this._connection.isDisposed;
  }

  dispose(): void {
    this._connection.dispose();
    Signal.clearData(this);
  }

  /** There is a reason to think that the server is gone. */
  doubt(): void {
    this._connection.doubt();
  }

  about(): Promise<About> {
    return this._send('GET', 'about');
  }

  project(path: string): Promise<Project> {
    return this._send('GET', 'projects', { path });
  }

  packages(path: string): Promise<Packages> {
    return this._send('GET', 'projects/packages', { path });
  }

  pythons(path: string): Promise<Pythons> {
    return this._send('GET', 'projects/pythons', { path });
  }

  search(words: string, path: string, limit = 8): Promise<Hits> {
    return this._send('GET', 'packages', { q: words, limit: String(limit), path });
  }

  details(name: string, path: string): Promise<Details> {
    return this._send('GET', `packages/${encodeURIComponent(name)}`, { path });
  }

  kernels(): Promise<Kernels> {
    return this._send('GET', 'kernels');
  }

  jobs(path: string): Promise<Jobs> {
    return this._send('GET', 'jobs', { path });
  }

  job(id: string): Promise<Job> {
    return this._send('GET', `jobs/${encodeURIComponent(id)}`);
  }

  start(request: JobRequest): Promise<Job> {
    return this._send('POST', 'jobs', {}, request);
  }

  cancel(id: string): Promise<Job> {
    return this._send('DELETE', `jobs/${encodeURIComponent(id)}`);
  }

  consent(path: string): Promise<ConsentPage> {
    return this._send('GET', 'consent', { path });
  }

  nonce(path: string): Promise<Nonce> {
    return this._send('POST', 'consent/nonce', {}, { path });
  }

  async revoke(path: string): Promise<void> {
    await this._send('DELETE', 'consent', { path });
  }

  private async _send<T>(method: string, route: string, query: Record<string, string> = {}, body?: unknown): Promise<T> {
    const url = URLExt.join(this._settings.baseUrl, 'jupyter-dep', route) + queryText(query);
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
      throw this._lose(error instanceof Error ? error.message : String(error));
    }
    if (GATEWAY_ERRORS.has(response.status)) {
      throw this._lose(`${response.status} ${response.statusText}`);
    }
    return this._read<T>(response);
  }

  private async _read<T>(response: Response): Promise<T> {
    const serverVersion = response.headers.get(HEADER);
    const content: unknown = response.status === 204 ? null : await response.json().catch(() => undefined);
    if (!response.ok) {
      const problem = answerProblem(response.status, content, serverVersion, this._trans);
      this._setState(problem);
      throw new ProblemError(problem, response.status);
    }
    if (serverVersion !== null && serverVersion !== String(PROTOCOL)) {
      const problem = versionMismatch(Number(serverVersion), this._trans);
      this._setState(problem);
      throw new ProblemError(problem, 409);
    }
    if (content === undefined) {
      throw new ProblemError(unexpectedAnswer(response.status, this._trans), response.status);
    }
    this._connection.set('up');
    return content as T;
  }

  /** Derives the connection's state from a problem that the server, or its absence, answered. */
  private _setState(problem: Problem): void {
    const states: Readonly<Record<string, ConnectionState>> = {
      'protocol-mismatch': 'mismatch',
      'no-server-extension': 'absent'
    };
    const state = states[problem.code] ?? 'up';
    this._mismatch = state === 'mismatch' ? problem.hint || problem.message : '';
    this._connection.set(state);
  }

  private _lose(reason: string): UnreachableError {
    this._connection.set('lost');
    return new UnreachableError(unreachable(reason, this._trans));
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _trans: TranslationBundle;
  private readonly _request: typeof ServerConnection.makeRequest;
  private readonly _connection: Connection;
  private readonly _connectionStateChanged = new Signal<this, ConnectionState>(this);
  private _mismatch = '';
}

function queryText(query: Record<string, string>): string {
  return Object.keys(query).length > 0 ? URLExt.objectToQueryString(query) : '';
}
