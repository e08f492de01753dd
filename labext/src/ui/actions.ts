/**
 * What the buttons do: each action as one call on the model, with its errors reported in one place.
 */
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { problemOf } from '../model/client/problems';
import type { Action } from '../status/banner';
import { KERNEL_NAME, lastFailed } from '../status/status';
import { escapeLine, capitalize } from '../status/text';
import type { IDepClient, INotebookProject, Work } from '../model/tokens';

export class Actions {
  constructor(
    private readonly _client: IDepClient,
    private readonly _trans: TranslationBundle
  ) {}

  /** Runs a job; true if it was done. Banner and log show a job that fails, a notification one that never started. */
  async run(model: INotebookProject, work: Work): Promise<boolean> {
    try {
      return (await model.run(work)).state === 'done';
    } catch (error) {
      this.showError(error);
      return false;
    }
  }

  async perform(model: INotebookProject, action: Action): Promise<void> {
    await this._handlers[action](model);
  }

  /** Reports an error that no banner shows. */
  showError(error: unknown): void {
    const problem = problemOf(error);
    const text = [capitalize(problem.message), capitalize(problem.hint)].filter(Boolean).map(one => escapeLine(one));
    Notification.error(text.join('\n'), { autoClose: 10_000 });
  }

  private async _changeKernel(model: INotebookProject): Promise<void> {
    const trans = this._trans;
    const answer = await showDialog({
      title: trans.__('Use Python (dep)?'),
      body: trans.__('The notebook gets a new kernel. All variables of the current kernel are lost.'),
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Use Python (dep)') })]
    });
    if (answer.button.accept) {
      await model.notebook.sessionContext.changeKernel({ name: KERNEL_NAME });
      model.notebook.content.activate();
    }
  }

  private readonly _handlers: Readonly<Record<Action, (model: INotebookProject) => unknown>> = {
    consent: model => model.askConsent(),
    restart: model => model.askRestart(),
    retry: async model => {
      await this._client.about().catch(() => undefined);
      await model.refresh();
    },
    reload: () => window.location.reload(),
    cancel: model => model.cancel().catch(error => this.showError(error)),
    'change-kernel': model => this._changeKernel(model),
    dismiss: dismissLast,
    init: model => this.run(model, { kind: 'init', imports: true }),
    lock: model => this.run(model, { kind: 'lock' }),
    sync: model => this.run(model, { kind: 'sync' })
  };
}

function dismissLast(model: INotebookProject): void {
  const failed = lastFailed(model);
  if (failed !== null) {
    model.dismiss(failed.id);
  }
}
