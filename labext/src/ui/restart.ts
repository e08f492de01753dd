/**
 * "numpy 1.26 → 2.1 is imported: restart to use it", with the button that does it.
 */
import { type ISessionContext, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { escapeLine } from '../status/text';
import type { IDepSettings } from '../model/settings';
import type { INotebookProject, IRestartRequest } from '../model/tokens';
import type { Switched } from '../model/wire';

/** What fits into one notification. */
const NAMED = 2;

export interface IRestartOptions {
  project: INotebookProject;
  trans: TranslationBundle;
  settings: IDepSettings;
  /** Lab's restart, which asks first. */
  dialogs: { restart(context: ISessionContext): Promise<boolean> };
}

/** One notice at a time for one notebook, taken away when it is no longer true. */
export class RestartNotice implements IDisposable {
  constructor(private readonly _options: IRestartOptions) {
    const { project } = _options;
    project.changed.connect(this._onChanged, this);
    project.restartRequested.connect(this._onRequest, this);
    project.notebook.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._dismiss();
      this._options.project.changed.disconnect(this._onChanged, this);
      this._options.project.restartRequested.disconnect(this._onRequest, this);
    }
  }

  private _onChanged(): void {
    const { project, settings, trans } = this._options;
    const key = JSON.stringify(project.restart);
    if (key === this._told) {
      return;
    }
    this._told = key;
    this._dismiss();
    if (project.restart.length > 0 && settings.values.notifyRestart) {
      this._notice = Notification.warning(restartWords(project.restart, trans), {
        autoClose: false,
        actions: [{ label: trans.__('Restart kernel'), callback: () => this._restart(false), displayType: 'warn' }]
      });
    }
  }

  private _onRequest(_: unknown, { confirm }: IRestartRequest): void {
    this._restart(confirm);
  }

  private _restart(confirm: boolean): void {
    const { project, dialogs, settings } = this._options;
    if (project.notebook.isDisposed) {
      return;
    }
    const { sessionContext } = project.notebook;
    const asks = confirm || settings.values.confirmRestart || !sessionContext.session?.kernel;
    // without a kernel to restart, or with a failing one, Lab says so itself
    void (asks ? dialogs.restart(sessionContext) : sessionContext.restartKernel()).catch(() => undefined);
  }

  private _dismiss(): void {
    if (this._notice !== '') {
      Notification.dismiss(this._notice);
      this._notice = '';
    }
  }

  private _told = '[]';
  private _notice = '';
  private _disposed = false;
}

/** `numpy 1.26 → 2.1 and 2 more are imported: restart the kernel to use them.` */
export function restartWords(restart: Switched['restart'], trans: TranslationBundle): string {
  const named = restart
    .slice(0, NAMED)
    .map(([name, before, after]) =>
      after
        ? `${escapeLine(name, 40)} ${escapeLine(before, 20)} → ${escapeLine(after, 20)}`
        : trans.__('%1 %2 (removed)', escapeLine(name, 40), escapeLine(before, 20))
    );
  const more = restart.length - named.length;
  const all = named.join(', ') + (more > 0 ? ` ${trans._n('and %1 more', 'and %1 more', more)}` : '');
  return restart.length === 1
    ? trans.__('%1 is imported: restart the kernel to use the installed version.', all)
    : trans.__('%1 are imported: restart the kernel to use the installed versions.', all);
}
