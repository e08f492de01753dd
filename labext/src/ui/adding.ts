/**
 * "Add and run again": an `add` job, its edit, the kernel's switch, and then the cell that had failed.
 */
import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import { type INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';

import { problemOf } from '../model/client/problems';
import { normalizeName } from '../model/declaration/requirement';
import type { IDepLinks } from '../model/kernel/link';
import type { Fix, IPackageAdder, ICellLocation } from './missingImport';
import { capitalize } from '../status/text';
import type { IDepSettings } from '../model/settings';
import type { IDepProjects, Work } from '../model/tokens';
import type { Hit, Problem } from '../model/wire';

export class PackageAdder implements IPackageAdder {
  constructor(
    private readonly _projects: IDepProjects,
    private readonly _links: IDepLinks,
    private readonly _tracker: INotebookTracker,
    private readonly _dialogs: ISessionContextDialogs,
    private readonly _translator: ITranslator,
    private readonly _settings: IDepSettings
  ) {}

  place(node: HTMLElement): ICellLocation | null {
    if (!this._settings.values.offerMissingImports) {
      return null;
    }
    const panel = this._tracker.find(one => one.content.node.contains(node));
    const cell = panel?.content.widgets.find(one => one.node.contains(node));
    if (!panel || !cell || !this._links.get(this._projects.get(panel))?.ours) {
      return null;
    }
    return { panel, cell };
  }

  async know({ panel }: ICellLocation, name: string): Promise<Hit | null> {
    try {
      const { hits, near } = await this._projects.client.search(name, this._projects.get(panel).path, 3);
      const hit = hits.find(one => normalizeName(one.name) === normalizeName(name));
      // of a look-alike there is something to say, though nobody here knows it
      return hit ?? (near ? { name, summary: '', tier: 0, source: 'index', near } : null);
    } catch {
      return null;
    }
  }

  add(place: ICellLocation, name: string): Promise<string> {
    return this._runAgain(place, { kind: 'add', names: [name] });
  }

  async fix(place: ICellLocation, kind: Fix): Promise<string> {
    if (kind === 'restart') {
      this._projects.get(place.panel).askRestart();
      return '';
    }
    return this._runAgain(place, { kind });
  }

  /** A job, and then the cell that had failed. */
  private async _runAgain({ panel, cell }: ICellLocation, work: Work): Promise<string> {
    const project = this._projects.get(panel);
    try {
      const job = await project.run(work);
      if (job.state !== 'done') {
        return job.failure ? words(job.failure) : '';
      }
      await this._links.get(project)?.finish(job, true);
    } catch (error) {
      return words(problemOf(error));
    }
    if (!panel.isDisposed && !cell.isDisposed) {
      // behind the order to switch, on the same channel
      await NotebookActions.runCells(panel.content, [cell], panel.sessionContext, this._dialogs, this._translator);
    }
    return '';
  }
}

function words({ message, hint }: Problem): string {
  return [message, hint].filter(Boolean).map(capitalize).join('. ');
}
