import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs, SessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { PackageAdder } from '../ui/adding';
import { IDepLinks } from '../model/kernel/link';
import { missingRenderer } from '../ui/missingImport';
import { IDepSettings } from '../model/settings';
import { IDepProjects, NAME } from '../model/tokens';

export const missing: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:missing`,
  description: 'Turns the note of a missing import into a button that adds it.',
  autoStart: true,
  requires: [IDepProjects, IDepSettings, IDepLinks, INotebookTracker, IRenderMimeRegistry],
  optional: [ISessionContextDialogs, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    projects: IDepProjects,
    settings: IDepSettings,
    links: IDepLinks,
    tracker: INotebookTracker,
    registry: IRenderMimeRegistry,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    const words = translator ?? nullTranslator;
    const adder = new PackageAdder(
      projects,
      links,
      tracker,
      dialogs ?? new SessionContextDialogs({ translator: words }),
      words,
      settings
    );
    registry.addFactory(missingRenderer(adder, words.load('jupyter_dep')));
  }
};
