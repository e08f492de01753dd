import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Actions } from '../ui/actions';
import { boxIcon } from '../panel/icons';
import { DepPanel } from '../panel/panel';
import { CommandIds, IDepProjects, NAME } from '../model/tokens';

export const panel: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:panel`,
  description: 'The panel with the packages of the notebook in front.',
  autoStart: true,
  requires: [IDepProjects],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    projects: IDepProjects,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const made = new DepPanel(projects, new Actions(projects.client, trans), trans);
    app.shell.add(made, 'right', { rank: 900, type: 'Notebook Packages' });
    restorer?.add(made, NAME);
    app.commands.addCommand(CommandIds.openPanel, {
      label: trans.__('Show Packages of This Notebook'),
      icon: boxIcon,
      execute: () => {
        app.shell.activateById(made.id);
        made.takeFocus();
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: CommandIds.openPanel, category: trans.__('Notebook Packages') });
  }
};
