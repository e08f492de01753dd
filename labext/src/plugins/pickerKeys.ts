import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { keepKeys } from '../ui/pickerKeys';
import { NAME } from '../model/tokens';

export const picker: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:picker`,
  description: 'Leaves the keys that are pressed in the picker of `%dep ui` to it.',
  autoStart: true,
  activate: (): void => keepKeys(document)
};
