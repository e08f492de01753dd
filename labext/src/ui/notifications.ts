/**
 * What a link tells its user about edits that could not simply be made.
 */
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { difference, overwrite } from '../model/declaration/edits';
import type { INotifier } from '../model/declaration/editor';
import type { Unsaved } from '../model/declaration/save';
import { escapeLine, escapeLines } from '../status/text';
import type { INotebookProject } from '../model/tokens';

export class Notifier implements INotifier {
  constructor(private readonly _trans: TranslationBundle) {}

  other(project: INotebookProject, now: string | null, after: string): void {
    const trans = this._trans;
    const name = escapeLine(project.path.split('/').pop() ?? '', 60);
    Notification.warning(
      now === null
        ? trans.__('%1: the cell that declares the packages was deleted, so the change was not written to it.', name)
        : trans.__('%1: the cell that declares the packages was edited in the meantime and was left unchanged.', name),
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
    const name = escapeLine(project.path.split('/').pop() ?? '', 60);
    const words = {
      changed: trans.__('%1 was updated but not saved: its file was changed elsewhere. Save it to choose a version.', name),
      gone: trans.__('%1 was updated but not saved: its file no longer exists. Save it to write it again.', name),
      'read-only': trans.__('%1 was updated but not saved: its file is read-only. Save a copy.', name),
      unreachable: trans.__('%1 was updated but not saved: the server is not responding. Save it later.', name)
    };
    Notification.warning(words[why], { autoClose: false });
  }

  private async _compare(project: INotebookProject, now: string | null, after: string): Promise<void> {
    const trans = this._trans;
    const lines = document.createElement('pre');
    lines.className = 'jp-Dep-difference';
    lines.textContent = escapeLines(difference(now ?? '', after).join('\n'));
    const body = new Widget({ node: document.createElement('div') });
    const words = document.createElement('p');
    words.textContent = trans.__(
      'The lock already contains the change. Keep your text and lock again, or use the text that matches the lock.'
    );
    body.node.append(words, lines);
    const answer = await showDialog({
      title: trans.__('Conflicting declarations'),
      body,
      buttons: [Dialog.cancelButton({ label: trans.__('Keep mine') }), Dialog.okButton({ label: trans.__("Use the lock's") })],
      defaultButton: 0
    });
    if (answer.button.accept && !project.isDisposed) {
      overwrite(project.notebook.context.model.sharedModel, after);
      await project.notebook.context.save().catch(() => undefined);
    }
  }
}
