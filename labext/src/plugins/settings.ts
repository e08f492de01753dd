import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { DepSettings, IDepSettings } from '../model/settings';
import { NAME } from '../model/tokens';

const ID = `${NAME}:settings`;

export const settings: JupyterFrontEndPlugin<IDepSettings> = {
  id: ID,
  description: 'The settings of notebook packages.',
  autoStart: true,
  optional: [ISettingRegistry],
  provides: IDepSettings,
  activate: (_app: JupyterFrontEnd, registry: ISettingRegistry | null): IDepSettings => {
    const made = new DepSettings();
    if (registry !== null) {
      made.follow(registry, ID).catch((error: unknown) => {
        console.warn('The settings of notebook packages could not be loaded; the defaults apply.', error);
      });
    }
    return made;
  }
};
