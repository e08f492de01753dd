import { badge } from './plugins/badge';
import { commands } from './plugins/commands';
import { consent } from './plugins/consent';
import { holding } from './plugins/holding';
import { links } from './plugins/links';
import { missing } from './plugins/missing';
import { panel } from './plugins/panel';
import { picker } from './plugins/picker';
import { projects } from './plugins/projects';
import { restart } from './plugins/restart';

export * from './tokens';

export default [projects, commands, badge, panel, links, holding, consent, missing, picker, restart];
