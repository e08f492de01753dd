/**
 * The state of the connection to the server's jupyter-dep, and the requests that find out whether it has changed.
 */
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ConnectionState } from '../tokens';

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** When a server in doubt is probed: at once, and then twice more, since one that shuts down answers for a while. */
const PROBE_PAUSES = [0, 2000, 4000];

export class Connection implements IDisposable {
  /** `probe` sends one request whose answer updates this state. */
  constructor(private readonly _probe: () => Promise<unknown>) {}

  get state(): ConnectionState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._retry);
    clearTimeout(this._doubt);
    Signal.clearData(this);
  }

  set(state: ConnectionState): void {
    if (state === 'lost') {
      this._scheduleRetry();
    } else {
      clearTimeout(this._retry);
      this._retry = undefined;
      this._wait = FIRST_WAIT;
    }
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  /** Probes a server that may have gone. One that is known to be offline is probed anyway. */
  doubt(): void {
    clearTimeout(this._doubt);
    this._scheduleProbe(0);
  }

  private _scheduleProbe(round: number): void {
    const pause = PROBE_PAUSES[round];
    if (pause === undefined || this._disposed || this._state === 'lost') {
      return;
    }
    this._doubt = setTimeout(() => {
      this._probe().catch(() => undefined);
      this._scheduleProbe(round + 1);
    }, pause);
  }

  private _scheduleRetry(): void {
    if (this._retry !== undefined || this._disposed) {
      return;
    }
    this._retry = setTimeout(() => {
      this._retry = undefined;
      this._wait = Math.min(this._wait * 2, LONGEST_WAIT);
      this._probe().catch(() => undefined);
    }, this._wait);
  }

  private readonly _stateChanged = new Signal<this, ConnectionState>(this);
  private _state: ConnectionState = 'unknown';
  private _wait = FIRST_WAIT;
  private _retry: ReturnType<typeof setTimeout> | undefined;
  private _doubt: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}
