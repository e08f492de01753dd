import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Actions } from '../ui/actions';
import { Badge } from '../ui/badge';
import { makeMenu } from '../ui/menu';
import { IDepSettings } from '../model/settings';
import { CommandIds, IDepProjects, NAME } from '../model/tokens';

/** Its place in the toolbar, behind the type of the cell, is in `schema/badge.json`: what stands last goes first from a narrow one. */
export const badge: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:badge`,
  description: 'The badge in the toolbar of a notebook.',
  autoStart: true,
  requires: [IDepProjects, IDepSettings, IToolbarWidgetRegistry],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    projects: IDepProjects,
    settings: IDepSettings,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const { client } = projects;
    const actions = new Actions(client, trans);
    const openPanel = (): void => void app.commands.execute(CommandIds.openPanel);
    toolbars.addFactory<NotebookPanel>(
      'Notebook',
      NAME,
      panel =>
        new Badge({
          model: projects.get(panel),
          client,
          settings,
          trans,
          menu: model => makeMenu({ model, client, actions, trans, openPanel })
        })
    );
  }
};
