import type { TranslationBundle } from '@jupyterlab/translation';

import type { Actions } from '../ui/actions';
import type { IDepClient, INotebookProject } from '../model/tokens';

/** What every part of the panel is given. */
export interface IPanelProps {
  readonly model: INotebookProject;
  readonly client: IDepClient;
  readonly actions: Actions;
  readonly trans: TranslationBundle;
}
