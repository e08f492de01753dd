import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ConsentController } from '../consent/controller';
import { ConsentDialog } from '../consent/dialog';
import { IDepLinks } from '../model/kernel/link';
import { IDepSettings } from '../model/settings';
import { IDepProjects, type INotebookProject, NAME } from '../model/tokens';
import type { ConsentPage } from '../model/wire';

export const consent: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:consent`,
  description: "Asks before a stranger's lock may run.",
  autoStart: true,
  requires: [IDepProjects, IDepSettings, IDepLinks],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    projects: IDepProjects,
    settings: IDepSettings,
    links: IDepLinks,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dep');
    const ask = async (page: ConsentPage, note: string): Promise<ReadonlyArray<string> | null> => {
      const answer = await new ConsentDialog(page, note, trans).launch().catch(() => null);
      return answer?.button.accept ? (answer.value ?? []) : null;
    };
    const asking = new WeakMap<INotebookProject, ConsentController>();
    const begin = (_: unknown, project: INotebookProject): void => {
      const link = links.get(project);
      if (link) {
        asking.set(
          project,
          new ConsentController({ project, link, client: projects.client, ask, settings, trans, memory: window.sessionStorage })
        );
      }
    };
    projects.open.forEach(project => begin(projects, project));
    projects.added.connect(begin);
    projects.currentChanged.connect((_, project) => {
      if (project !== null) {
        asking.get(project)?.consider();
      }
    });
  }
};
