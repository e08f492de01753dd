import { Notification } from '@jupyterlab/apputils';
import { beforeEach, describe, expect, it } from 'vitest';

import { RestartNotice, restartWords } from './restart';
import { FakeSettings, settle, stage, trans } from '../testing/samples';
import type { ISettings } from '../model/settings';
import type { INotebookProject } from '../model/tokens';

beforeEach(() => Notification.dismiss());

function watched(changes: Partial<ISettings> = {}): {
  project: INotebookProject;
  restarts: () => number;
  unconfirmed: () => number;
  notice: RestartNotice;
} {
  const { model, notebook } = stage();
  let unasked = 0;
  Object.assign(notebook.sessionContext, { restartKernel: async () => void ++unasked });
  const settings = new FakeSettings(changes);
  let times = 0;
  const dialogs = { restart: async () => Boolean(++times) };
  const notice = new RestartNotice({ project: model, settings, trans, dialogs });
  return { project: model, restarts: () => times, unconfirmed: () => unasked, notice };
}

const notices = (): string[] => Notification.manager.notifications.map(one => one.message);

describe('loaded packages that differ from the installed ones', () => {
  it('are named once, with the button', async () => {
    const { project, restarts } = watched();
    for (let times = 0; times < 3; times++) {
      project.setSwitched('key', [['numpy', '1.26', '2.1']]);
      await settle();
    }
    expect(notices()).toEqual(['numpy 1.26 → 2.1 is imported: restart the kernel to use the installed version.']);
    const [action] = Notification.manager.notifications[0]!.options.actions!;
    expect(action!.label).toBe('Restart kernel');
    action!.callback(new MouseEvent('click'));
    expect(restarts()).toBe(1);
  });

  it('are named anew when there are more of them', async () => {
    const { project } = watched();
    project.setSwitched('key', [['numpy', '1.26', '2.1']]);
    await settle();
    project.setSwitched('key', [['pandas', '1.0', '2.0']]);
    await settle();
    expect(notices()).toEqual([expect.stringContaining('pandas')]);
  });

  it('are forgotten with the kernel, and with the notebook', async () => {
    const { project, notice } = watched();
    project.setSwitched('key', [['numpy', '1.26', '2.1']]);
    await settle();
    project.setSwitched(null, []);
    await settle();
    expect(notices()).toEqual([]);
    project.setSwitched('key', [['numpy', '1.26', '2.1']]);
    await settle();
    notice.dispose();
    expect(notices()).toEqual([]);
  });

  it('are not notified of where the settings say so', async () => {
    const { project } = watched({ notifyRestart: false });
    project.setSwitched('key', [['numpy', '1.26', '2.1']]);
    await settle();
    expect(notices()).toEqual([]);
  });

  it('are restarted for with a question, unless the settings say otherwise', () => {
    const asking = watched();
    asking.project.askRestart();
    expect([asking.restarts(), asking.unconfirmed()]).toEqual([1, 0]);
    const direct = watched({ confirmRestart: false });
    direct.project.askRestart();
    expect([direct.restarts(), direct.unconfirmed()]).toEqual([0, 1]);
  });

  it('are restarted for with a question by the command in any case', () => {
    const { project, restarts, unconfirmed } = watched({ confirmRestart: false });
    project.askRestart({ confirm: true });
    expect([restarts(), unconfirmed()]).toEqual([1, 0]);
  });

  it('are told in few words, as text', () => {
    expect(restartWords([['six', '1.0', '']], trans)).toBe(
      'six 1.0 (removed) is imported: restart the kernel to use the installed version.'
    );
    expect(
      restartWords(
        [1, 2, 3, 4].map(at => [`p${at}`, '1', '2'] as const),
        trans
      )
    ).toContain('p1 1 → 2, p2 1 → 2 and 2 more are');
    expect(restartWords([['a\u202eb', '1', '2']], trans)).toContain('a\\u202eb');
  });
});

it('somebody who presses the banner gets the question, too', async () => {
  const { project, restarts } = watched();
  project.askRestart();
  await settle();
  expect(restarts()).toBe(1);
});
