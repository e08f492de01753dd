import { badge } from './plugins/badge';
import { commands } from './plugins/commands';
import { consent } from './plugins/consent';
import { holding } from './plugins/kernelWaitBar';
import { links } from './plugins/links';
import { missing } from './plugins/missingImport';
import { panel } from './plugins/panel';
import { picker } from './plugins/pickerKeys';
import { projects } from './plugins/projects';
import { restart } from './plugins/restart';
import { settings } from './plugins/settings';

export * from './model/settings';
export * from './model/tokens';

export default [settings, projects, commands, badge, panel, links, holding, consent, missing, picker, restart];
