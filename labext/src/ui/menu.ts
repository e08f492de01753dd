/**
 * The badge's menu. Its commands live in a registry of their own: what is in Lab's registry, output of an untrusted notebook
 * can invoke, and a lock made in the user's name counts as the user's consent.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import type { Actions } from './actions';
import { factsOf, needsConsent } from '../status/status';
import { escapeLine } from '../status/text';
import type { IDepClient, INotebookProject } from '../model/tokens';

export interface IMenuOptions {
  model: INotebookProject;
  client: IDepClient;
  actions: Actions;
  trans: TranslationBundle;
  openPanel: () => void;
}

interface IEntry {
  readonly id: string;
  readonly label: () => string;
  readonly enabled: () => boolean;
  readonly execute: () => unknown;
}

/** Lumino presents a separator as nothing at all, and lets it have the focus: no child for a menu to have. */
class Renderer extends Menu.Renderer {
  renderItem(data: Menu.IRenderData): ReturnType<Menu.Renderer['renderItem']> {
    const made = super.renderItem(data);
    if (data.item.type === 'separator') {
      // what is in the order of Tab and is called a separator would have to be one that can be moved
      delete (made.attrs as { tabindex?: string }).tabindex;
    }
    return made;
  }

  createItemARIA(data: Menu.IRenderData): ReturnType<Menu.Renderer['createItemARIA']> {
    const aria = super.createItemARIA(data);
    return data.item.type === 'separator' ? { ...aria, role: 'separator' } : aria;
  }
}

export function makeMenu(options: IMenuOptions): Menu {
  const commands = new CommandRegistry();
  const menu = new Menu({ commands, renderer: new Renderer() });
  menu.addClass('jp-Dep-menu');
  entries(options).forEach((group, at) => {
    if (at > 0) {
      menu.addItem({ type: 'separator' });
    }
    for (const { id, label, enabled, execute } of group) {
      commands.addCommand(id, { label, isEnabled: enabled, execute });
      menu.addItem({ command: id });
    }
  });
  return menu;
}

function entries({ model, client, actions, trans, openPanel }: IMenuOptions): IEntry[][] {
  const facts = (): ReturnType<typeof factsOf> => factsOf(model, client);
  const free = (): boolean => model.blockedReason === '';
  return [
    [{ id: 'panel', label: () => trans.__('Show Packages'), enabled: () => true, execute: openPanel }],
    [
      {
        id: 'consent',
        label: () => trans.__('Review and Allow…'),
        enabled: () => needsConsent(facts()),
        execute: () => model.askConsent()
      },
      {
        id: 'lock',
        label: () => trans.__('Lock Declared Packages'),
        enabled: () => free() && model.project?.state !== 'none' && !needsConsent(facts()),
        execute: () => actions.run(model, { kind: 'lock' })
      },
      {
        id: 'restart',
        label: () => trans.__('Restart the Kernel…'),
        enabled: () => facts().kernel !== null,
        execute: () => model.askRestart()
      },
      {
        id: 'updates',
        label: () => trans.__('Check for Updates'),
        enabled: () => free() && model.project?.lock != null && model.project.trusted,
        execute: () => actions.run(model, { kind: 'outdated' })
      },
      {
        id: 'cancel',
        label: () => trans.__('Cancel the Running Job'),
        enabled: () => model.active !== null,
        execute: () => actions.perform(model, 'cancel')
      }
    ],
    [
      {
        id: 'undo',
        label: () => (model.project?.undo ? trans.__('Undo “%1”', escapeLine(model.project.undo, 60)) : trans.__('Undo')),
        enabled: () => free() && Boolean(model.project?.undo),
        execute: () => actions.run(model, { kind: 'undo' })
      },
      {
        id: 'redo',
        label: () => (model.project?.redo ? trans.__('Redo “%1”', escapeLine(model.project.redo, 60)) : trans.__('Redo')),
        enabled: () => free() && Boolean(model.project?.redo),
        execute: () => actions.run(model, { kind: 'redo' })
      }
    ]
  ];
}
