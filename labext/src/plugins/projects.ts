import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DepClient } from '../model/client/api';
import { DepProjects } from '../model/projects';
import { IDepProjects, NAME } from '../model/tokens';

export const projects: JupyterFrontEndPlugin<IDepProjects> = {
  id: `${NAME}:projects`,
  description: 'Knows the project of every notebook that is open, and follows its jobs.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  provides: IDepProjects,
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, translator: ITranslator | null): IDepProjects => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const client = new DepClient({ settings: app.serviceManager.serverSettings, trans });
    return new DepProjects({ tracker, client, services: app.serviceManager, trans });
  }
};
