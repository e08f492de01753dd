import { Signal } from '@lumino/signaling';
import { MessageLoop } from '@lumino/messaging';
import { CommandRegistry } from '@lumino/commands';
import { Menu, Widget } from '@lumino/widgets';
import * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { describe, expect, it, type Mock, vi } from 'vitest';

import { Actions } from './actions';
import { Badge, BadgeView } from './badge';
import { makeMenu } from './menu';
import { DepProjects } from '../model/projects';
import {
  aJob,
  aProject,
  FakeNotebook,
  type FakeServer,
  FakeSettings,
  type IStage,
  settle,
  stage,
  trans
} from '../testing/samples';

describe('the badge', () => {
  it('says in icon, text and label how the notebook stands, and opens its menu', async () => {
    const host = document.createElement('div');
    const root = createRoot(host);
    const opened = vi.fn();
    const status = { name: 'building' as const, text: 'building 3 of 12', title: 'Adding', fraction: 0.25 };
    await act(async () => root.render(<BadgeView status={status} trans={trans} onOpen={opened} />));
    const button = host.querySelector('button')!;
    expect(button.getAttribute('aria-label')).toBe('Packages: building 3 of 12. Adding');
    expect(button.textContent).toContain('building 3 of 12');
    expect(button.querySelector('svg')).not.toBeNull();
    expect(host.querySelector<HTMLElement>('.jp-Dep-badgePart')!.style.width).toBe('25%');
    await act(async () => button.click());
    expect(opened).toHaveBeenCalledWith(button);
  });
});

describe('the badge as a setting', () => {
  it('is hidden and shown as the user chooses', () => {
    const { model, server } = stage();
    const settings = new FakeSettings({ showBadge: false });
    const badge = new Badge({
      model,
      client: server.client,
      settings,
      trans,
      menu: () => new Menu({ commands: new CommandRegistry() })
    });
    expect(badge.isHidden).toBe(true);
    settings.change({ showBadge: true });
    expect(badge.isHidden).toBe(false);
    badge.dispose();
  });
});

describe("the badge's menu", () => {
  it('gives the focus back to the badge once it is out of the page', async () => {
    const made = stage();
    const badge = new Badge({
      model: made.model,
      client: made.server.client,
      settings: new FakeSettings(),
      trans,
      menu: () => menuOf(made).menu
    });
    await act(async () => {
      Widget.attach(badge, document.body);
      MessageLoop.flush();
      await badge.renderPromise;
    });
    const button = badge.node.querySelector('button')!;
    const open: boolean[] = [];
    button.addEventListener('focus', () => open.push(document.querySelector('.jp-Dep-menu') !== null));
    button.click();
    const menu = document.querySelector<HTMLElement>('.jp-Dep-menu')!;
    menu.focus();
    expect(document.activeElement).toBe(menu);
    menu.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: 27, bubbles: true }));
    await settle();
    expect(document.activeElement).toBe(button);
    // from a menu that is still there, Lab's toolbar would pass it on
    expect(open).toEqual([false]);
    await act(async () => badge.dispose());
  });

  it('has no child that is not an entry or a separator', async () => {
    const { menu } = menuOf(stage());
    menu.open(0, 0);
    MessageLoop.flush();
    const roles = [...menu.contentNode.children].map(one => one.getAttribute('role'));
    expect(new Set(roles)).toEqual(new Set(['menuitem', 'separator']));
    expect(menu.contentNode.querySelector('[role=separator][tabindex]')).toBeNull();
    menu.dispose();
  });

  function menuOf({ model, server }: IStage): { menu: Menu; enabled: () => string[]; press: (label: string) => void } {
    const { client } = server;
    const menu = makeMenu({ model, client, trans, actions: new Actions(client, trans), openPanel: () => undefined });
    return {
      menu,
      enabled: () => menu.items.filter(item => item.type === 'command' && item.isEnabled).map(item => item.label),
      press: label => {
        const item = menu.items.find(one => one.label === label)!;
        void menu.commands.execute(item.command);
      }
    };
  }

  it('offers what can be done', async () => {
    const made = stage();
    made.server.said.project = aProject({ undo: 'add pandas' });
    await settle();
    const { enabled, press } = menuOf(made);
    expect(enabled()).toEqual([
      'Show Packages',
      'Lock Declared Packages',
      'Restart the Kernel…',
      'Check for Updates',
      'Undo “add pandas”'
    ]);
    press('Undo “add pandas”');
    await settle();
    expect(made.server.started[0]).toMatchObject({ kind: 'undo' });
  });

  it('locks nothing for a stranger: a lock in the user’s name is the user’s consent', async () => {
    const made = stage();
    made.server.said.project = aProject({ trusted: false, state: 'stale' });
    await settle();
    expect(menuOf(made).enabled()).toEqual(['Show Packages', 'Review and Allow…', 'Restart the Kernel…']);
  });

  it('offers to cancel while something runs, and nothing that would run beside it', async () => {
    const made = stage();
    await settle();
    made.model.onJob(aJob());
    expect(menuOf(made).enabled()).toEqual(['Show Packages', 'Restart the Kernel…', 'Cancel the Running Job']);
  });
});

describe('the projects', () => {
  function projects(): {
    all: DepProjects;
    say: (event: object) => void;
    server: FakeServer;
    notebook: FakeNotebook;
    front: (one: FakeNotebook | null) => void;
    doubt: Mock;
    connectionFailure: Signal<object, Error>;
  } {
    const { server, notebook } = stage();
    const stream = new Signal<object, object>({});
    const connectionFailure = new Signal<object, Error>({});
    const doubt = vi.fn();
    const currentChanged = new Signal<object, unknown>({});
    const tracker = { currentWidget: notebook as unknown, currentChanged };
    const contents = { localPath: (path: string) => path.replace(/^RTC:/, ''), driveName: () => '' };
    const all = new DepProjects({
      tracker: tracker as never,
      client: Object.defineProperties({ doubt }, Object.getOwnPropertyDescriptors(server.client)) as never,
      services: { contents, events: { stream }, connectionFailure } as never,
      trans
    });
    const front = (one: FakeNotebook | null): void => {
      tracker.currentWidget = one;
      currentChanged.emit(one);
    };
    return { all, say: event => stream.emit(event), server, notebook, front, doubt, connectionFailure };
  }
  const JOB = 'https://jupyter-dep.example/events/job/v1';
  const PROJECT = 'https://jupyter-dep.example/events/project/v1';

  it('hand a job’s event to the notebook that it is about', async () => {
    const { all, say } = projects();
    await settle();
    say({ schema_id: JOB, job: aJob({ path: 'other.ipynb' }) });
    expect(all.current!.active).toBeNull();
    say({ schema_id: JOB, job: aJob() });
    expect(all.current!.active?.id).toBe('j1');
  });

  it('read a project again when the server says that it changed', async () => {
    const { say, server } = projects();
    await settle();
    server.asked.length = 0;
    say({ schema_id: PROJECT, path: 'work/analysis.ipynb', why: 'kernel' });
    say({ schema_id: 'https://events.example/else', path: 'work/analysis.ipynb' });
    await settle();
    expect(server.asked).toEqual(['project work/analysis.ipynb']);
  });

  it('doubt the server when Lab loses it, and ask at once when the kernel is there again', async () => {
    const { doubt, connectionFailure, notebook, server } = projects();
    const { connectionStatusChanged } = notebook.sessionContext;
    await settle();
    connectionFailure.emit(new Error('fetch failed'));
    expect(doubt).toHaveBeenCalledTimes(1);
    connectionStatusChanged.emit('connecting');
    connectionStatusChanged.emit('disconnected');
    expect(doubt).toHaveBeenCalledTimes(3);
    server.asked.length = 0;
    connectionStatusChanged.emit('connected');
    expect(server.asked).toEqual([]);
    server.connectionState = 'lost';
    connectionStatusChanged.emit('connected');
    expect(server.asked).toEqual(['about']);
  });

  it('are one for each notebook, gone with it', async () => {
    const { all, notebook, front } = projects();
    const other = new FakeNotebook();
    other.context.path = 'other.ipynb';
    const told: (string | undefined)[] = [];
    all.currentChanged.connect((_, model) => told.push(model?.path));
    front(other);
    front(notebook);
    expect(all.get(notebook.panel)).toBe(all.current);
    expect(told).toEqual(['other.ipynb', 'work/analysis.ipynb']);
    notebook.isDisposed = true;
    notebook.disposed.emit();
    front(null);
    expect(all.open.map(one => one.path)).toEqual(['other.ipynb']);
    expect(all.current).toBeNull();
  });
});
