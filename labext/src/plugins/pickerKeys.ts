import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { keepKeys } from '../ui/pickerKeys';
import { NAME } from '../model/tokens';

export const picker: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:picker`,
  description: 'Leaves the keys that are pressed in the picker of `%dep ui` to it.',
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => keepKeys(document)
};
