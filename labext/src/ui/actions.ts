/**
 * What the buttons do: each act of a person as one call on the model, with its failure told in one place.
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

  /** Runs a job; true if it was done. A job that fails is told by banner and log, one that never started by a notice. */
  async run(model: INotebookProject, work: Work): Promise<boolean> {
    try {
      return (await model.run(work)).state === 'done';
    } catch (error) {
      this.tell(error);
      return false;
    }
  }

  async perform(model: INotebookProject, action: Action): Promise<void> {
    switch (action) {
      case 'consent':
        return model.askConsent();
      case 'restart':
        return model.askRestart();
      case 'retry':
        await this._client.about().catch(() => undefined);
        return model.refresh();
      case 'reload':
        return window.location.reload();
      case 'cancel':
        return model.cancel().catch(error => this.tell(error));
      case 'change-kernel':
        return this._changeKernel(model);
      case 'dismiss':
        return dismissLast(model);
      case 'init':
        await this.run(model, { kind: 'init', imports: true });
        return;
      case 'lock':
      case 'sync':
        await this.run(model, { kind: action });
    }
  }

  tell(error: unknown): void {
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
}

function dismissLast(model: INotebookProject): void {
  const failed = lastFailed(model);
  if (failed !== null) {
    model.dismiss(failed.id);
  }
}
