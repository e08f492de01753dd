import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { factsOf, needsConsent } from '../status/status';
import { CommandIds, IDepProjects, type INotebookProject, NAME } from '../model/tokens';

export const commands: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:commands`,
  description: 'Commands on the notebook in front that open a dialog.',
  autoStart: true,
  requires: [IDepProjects],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    projects: IDepProjects,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const add = (
      id: string,
      label: string,
      enabled: (model: INotebookProject) => boolean,
      execute: (model: INotebookProject) => void
    ): void => {
      app.commands.addCommand(id, {
        label,
        isEnabled: () => projects.current !== null && enabled(projects.current),
        execute: () => {
          if (projects.current !== null && enabled(projects.current)) {
            execute(projects.current);
          }
        },
        describedBy: { args: { type: 'object', properties: {} } }
      });
      palette?.addItem({ command: id, category: trans.__('Notebook Packages') });
    };
    add(
      CommandIds.askConsent,
      trans.__('Review and Allow the Lock…'),
      model => needsConsent(factsOf(model, projects.client)),
      model => model.askConsent()
    );
    add(
      CommandIds.restart,
      trans.__('Restart the Kernel to Apply Package Changes…'),
      model => factsOf(model, projects.client).kernel !== null,
      // output of an untrusted notebook can invoke the command
      model => model.askRestart({ confirm: true })
    );
    projects.currentChanged.connect(() => app.commands.notifyCommandChanged());
  }
};
