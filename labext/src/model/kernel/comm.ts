/**
 * The line between the page and one kernel of ours: what `messages/web.py` fixes for the comm target `jupyter-dep`.
 *
 * Messages of the page are made here and not by Lab's comm: that one may send them over a subshell, where they would overtake
 * the cells that were run before. Nothing is waited for, in either direction.
 */
import { type Kernel, KernelMessage } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { COMM_TARGET } from '../tokens';
import type { CommOut, Holds, RetryOrder, Switch, SwitchOrder } from '../wire';

/** What the server says of a kernel in the kernel's place. */
const SAID_BY_SERVER = new Set(['restarting', 'autorestarting', 'dead']);

export class KernelComm implements IDisposable {
  constructor(readonly kernel: Kernel.IKernelConnection) {
    // Lab reports an error for a target that nobody has registered; what comes in is read from the channel itself, which also
    // serves two views of one notebook, and a kernel whose comms another view handles
    kernel.registerCommTarget(COMM_TARGET, ignore);
    kernel.iopubMessage.connect(this._onMessage, this);
  }

  /** Every message of the kernel to the page. */
  get heard(): ISignal<this, CommOut> {
    return this._heard;
  }

  /** Another process answers on this connection: the kernel was restarted, or the real one took over from the holding one. */
  get replaced(): ISignal<this, void> {
    return this._replaced;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Lets go of the kernel, which is told if it still listens. */
  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    if (!this.kernel.isDisposed) {
      this._send('comm_close', {});
      this.kernel.iopubMessage.disconnect(this._onMessage, this);
      this.kernel.removeCommTarget(COMM_TARGET, ignore);
    }
    Signal.clearData(this);
  }

  /** Announces that the page holds the notebook. The kernel answers with where it stands. */
  announce(holds: Holds): void {
    this._id = UUID.uuid4();
    this._send('comm_open', { target_name: COMM_TARGET, data: { ...holds } });
  }

  /** Tells the live block again; nothing before the first `announce`. */
  tell(holds: Holds): void {
    this._send('comm_msg', { data: { ...holds } });
  }

  /** Orders the kernel to another environment. What is run after this runs there. */
  order(to: Switch): void {
    const order: SwitchOrder = { switch: to, type: 'switch' };
    this._send('comm_msg', { data: { ...order } });
  }

  /** Has a kernel that has not started try again; a question of its cell is not to be answered any more. */
  retry(): void {
    const order: RetryOrder = { type: 'retry' };
    this._send('comm_msg', { data: { ...order } });
    this.kernel.hasPendingInput = false;
  }

  private _send(type: 'comm_open' | 'comm_msg' | 'comm_close', content: object): void {
    const { kernel } = this;
    if (this._id === null || kernel.isDisposed || kernel.status === 'dead') {
      return;
    }
    const message = KernelMessage.createMessage({
      msgType: type,
      channel: 'shell',
      username: kernel.username,
      session: kernel.clientId,
      content: { comm_id: this._id, data: {}, ...content }
    } as KernelMessage.IOptions<KernelMessage.ICommOpenMsg<'shell'>>);
    kernel.sendShellMessage(message, false, true);
  }

  private _onMessage(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (KernelMessage.isStatusMsg(message) && SAID_BY_SERVER.has(message.content.execution_state)) {
      return;
    }
    const process = message.header.session;
    const other = this._process !== '' && this._process !== process;
    this._process = process;
    if (other) {
      this._replaced.emit();
    }
    if (KernelMessage.isCommOpenMsg(message) && message.content.target_name === COMM_TARGET) {
      const read = parse(message.content.data);
      if (read !== null) {
        this._heard.emit(read);
      }
    }
  }

  private readonly _heard = new Signal<this, CommOut>(this);
  private readonly _replaced = new Signal<this, void>(this);
  private _id: string | null = null;
  private _process = '';
  private _disposed = false;
}

/** The metadata of our kernelspecs under this key say that a kernel is ours, whatever its name. */
const MARK = 'jupyter-dep';

/** Whether a kernel speaks this protocol: `dep`, or one that was registered for a project. */
export async function isDepKernel(kernel: Kernel.IKernelConnection): Promise<boolean> {
  if (kernel.name === 'dep') {
    return true;
  }
  const spec = await kernel.spec.catch(() => undefined);
  return spec?.metadata?.[MARK] !== undefined;
}

/** A message as the wire defines it, null for anything else. */
export function parse(data: unknown): CommOut | null {
  if (!isRecord(data) || typeof data.type !== 'string' || !Object.keys(PARSERS).includes(data.type)) {
    return null;
  }
  return PARSERS[data.type as CommOut['type']](data) as CommOut | null;
}

const WAIT_STATES = new Set(['building', 'asking', 'diagnosis', 'ready']);

/** Each checks the fields of one type of message, and fills in those that may be left out. */
const PARSERS: Readonly<Record<CommOut['type'], (data: Record<string, unknown>) => object | null>> = {
  edit: data => (isTextOrNull(data.before) && typeof data.after === 'string' ? data : null),
  switched: data =>
    typeof data.key === 'string' && isTriples(data.restart ?? []) ? { starter: false, restart: [], ...data } : null,
  carried: data => (typeof data.verb === 'string' ? data : null),
  holding: data =>
    typeof data.state === 'string' && WAIT_STATES.has(data.state)
      ? { headline: '', progress: null, problem: null, steps: [], kept: 0, ...data }
      : null
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isTriples(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(row => Array.isArray(row) && row.length === 3 && row.every(cell => typeof cell === 'string'))
  );
}

function ignore(): void {
  // see the constructor
}
