/**
 * What a link tells its user about edits that could not simply be made.
 */
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { difference, overwrite } from '../model/declaration/edits';
import type { IHearer } from '../model/declaration/editor';
import type { Unsaved } from '../model/declaration/save';
import { plain, plainLines } from '../status/text';
import type { INotebookProject } from '../model/tokens';

export class Teller implements IHearer {
  constructor(private readonly _trans: TranslationBundle) {}

  other(project: INotebookProject, now: string | null, after: string): void {
    const trans = this._trans;
    const name = plain(project.path.split('/').pop() ?? '', 60);
    Notification.warning(
      now === null
        ? trans.__('%1: the cell that declares its packages is gone, so the change was not written into it.', name)
        : trans.__('%1: the cell that declares its packages was edited meanwhile, and stays as it is.', name),
      {
        autoClose: false,
        actions: [
          { label: trans.__('Compare…'), callback: () => void this._compare(project, now, after), displayType: 'accent' }
        ]
      }
    );
  }

  unsaved(project: INotebookProject, why: Unsaved | 'unreachable'): void {
    const trans = this._trans;
    const name = plain(project.path.split('/').pop() ?? '', 60);
    const words = {
      changed: trans.__(
        '%1 has the new declaration but is not saved: its file was changed elsewhere. Save it to choose a version.',
        name
      ),
      gone: trans.__('%1 has the new declaration but is not saved: its file is gone. Save it to write it again.', name),
      'read-only': trans.__('%1 has the new declaration but is not saved: its file is read-only. Save a copy.', name),
      unreachable: trans.__('%1 has the new declaration but is not saved: the server does not answer. Save it later.', name)
    };
    Notification.warning(words[why], { autoClose: false });
  }

  private async _compare(project: INotebookProject, now: string | null, after: string): Promise<void> {
    const trans = this._trans;
    const lines = document.createElement('pre');
    lines.className = 'jp-Dep-difference';
    lines.textContent = plainLines(difference(now ?? '', after).join('\n'));
    const body = new Widget({ node: document.createElement('div') });
    const words = document.createElement('p');
    words.textContent = trans.__(
      'The lock already has the change. Keep your text and lock again, or take the text that belongs to the lock.'
    );
    body.node.append(words, lines);
    const answer = await showDialog({
      title: trans.__('Two versions of the declaration'),
      body,
      buttons: [Dialog.cancelButton({ label: trans.__('Keep mine') }), Dialog.okButton({ label: trans.__("Take the lock's") })],
      defaultButton: 0
    });
    if (answer.button.accept && !project.isDisposed) {
      overwrite(project.notebook.context.model.sharedModel, after);
      await project.notebook.context.save().catch(() => undefined);
    }
  }
}
