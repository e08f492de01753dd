import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, SessionContextDialogs } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { RestartNotice } from '../ui/restart';
import { IDepSettings } from '../model/settings';
import { IDepProjects, type INotebookProject, NAME } from '../model/tokens';

export const restart: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:restart`,
  description: 'Says that loaded packages differ from the installed ones, and restarts the kernel.',
  autoStart: true,
  requires: [IDepProjects, IDepSettings],
  optional: [ISessionContextDialogs, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    projects: IDepProjects,
    settings: IDepSettings,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    const words = translator ?? nullTranslator;
    const asking = dialogs ?? new SessionContextDialogs({ translator: words });
    const watch = (_: unknown, project: INotebookProject): void => {
      new RestartNotice({ project, settings, trans: words.load('jupyter_dep'), dialogs: asking });
    };
    projects.open.forEach(project => watch(projects, project));
    projects.added.connect(watch);
  }
};
