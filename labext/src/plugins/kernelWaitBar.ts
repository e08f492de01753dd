import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Actions } from '../ui/actions';
import { KernelWaitBar } from '../ui/kernelWaitBar';
import { IDepLinks } from '../model/kernel/link';
import { IDepProjects, type INotebookProject, NAME } from '../model/tokens';

export const holding: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:holding`,
  description: 'The bar over a notebook whose kernel is being built, or will not start.',
  autoStart: true,
  requires: [IDepProjects, IDepLinks],
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, projects: IDepProjects, links: IDepLinks, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const actions = new Actions(projects.client, trans);
    const place = (_: unknown, project: INotebookProject): void => {
      const { notebook } = project;
      const bar = new KernelWaitBar(
        project,
        {
          cancel: () => void notebook.sessionContext.session?.kernel?.interrupt().catch(error => actions.showError(error)),
          again: () => links.get(project)?.retry(),
          lock: () => void actions.run(project, { kind: 'lock' })
        },
        trans
      );
      notebook.contentHeader.insertWidget(0, bar);
    };
    projects.open.forEach(project => place(projects, project));
    projects.added.connect(place);
  }
};
