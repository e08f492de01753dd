import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { NotebookActions } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IDepLinks, NotebookLink } from '../model/kernel/link';
import { Notifier } from '../ui/notifications';
import { IDepSettings } from '../model/settings';
import { IDepProjects, type INotebookProject, NAME } from '../model/tokens';

export const links: JupyterFrontEndPlugin<IDepLinks> = {
  id: `${NAME}:links`,
  description: 'Holds open notebooks for their kernels, and makes the edits that kernels and jobs ask for.',
  autoStart: true,
  requires: [IDepProjects, IDepSettings],
  optional: [ITranslator],
  provides: IDepLinks,
  activate: (
    app: JupyterFrontEnd,
    projects: IDepProjects,
    settings: IDepSettings,
    translator: ITranslator | null
  ): IDepLinks => {
    const notifier = new Notifier((translator ?? nullTranslator).load('jupyter_dep'));
    const made = new WeakMap<INotebookProject, NotebookLink>();
    const link = (_: unknown, project: INotebookProject): void => {
      made.set(
        project,
        new NotebookLink({
          project,
          client: projects.client,
          contents: app.serviceManager.contents,
          notifier,
          saveAfterEdit: () => settings.values.saveAfterEdit,
          scheduled: NotebookActions.executionScheduled
        })
      );
    };
    projects.open.forEach(project => link(projects, project));
    projects.added.connect(link);
    return { get: project => made.get(project) };
  }
};
