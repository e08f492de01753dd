import { Notification } from '@jupyterlab/apputils';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { ProblemError } from '../model/client/problems';
import type { NotebookLink } from '../model/kernel/link';
import { aJob, aProject, ended, failed, FakeSettings, settle, stage, trans } from '../testing/samples';
import type { INotebookProject, Work } from '../model/tokens';
import type { ConsentPage, Job } from '../model/wire';
import { ConsentController } from './controller';

beforeEach(() => Notification.dismiss());

function aPage(changes: Partial<ConsentPage> = {}): ConsentPage {
  return {
    path: 'work/analysis.ipynb',
    fingerprint: 'f1',
    given: false,
    python: '3.12',
    artifacts: [],
    size: 0,
    unusual: [],
    before: null,
    added: [],
    removed: [],
    changed: [],
    ...changes
  };
}

interface IScene {
  project: INotebookProject;
  asking: ConsentController;
  asked: [ConsentPage, string][];
  jobs: Work[];
  finished: Job[];
  nonces: () => number;
  memory: Map<string, string>;
}

interface ISetting {
  trusted?: boolean;
  lock?: string | null;
  ours?: boolean;
  visible?: boolean;
  answers?: (ReadonlyArray<string> | null)[];
  ends?: Job[];
  memory?: Map<string, string>;
  page?: ConsentPage;
  askConsentOnOpen?: boolean;
}

async function scene(setting: ISetting = {}): Promise<IScene> {
  const { model, notebook, server } = stage();
  Object.assign(notebook, { isVisible: setting.visible ?? true });
  server.said.project = aProject({
    trusted: setting.trusted ?? false,
    lock: setting.lock === undefined ? 'lock' : setting.lock
  });
  await settle();
  const made = { asked: [] as [ConsentPage, string][], jobs: [] as Work[], finished: [] as Job[] };
  const answers = [...(setting.answers ?? [null])];
  const ends = [...(setting.ends ?? [ended(aJob({ kind: 'trust' }))])];
  const memory = setting.memory ?? new Map<string, string>();
  let nonces = 0;
  vi.spyOn(model, 'run').mockImplementation(async work => {
    made.jobs.push(work);
    return ends.shift()!;
  });
  const page = setting.page ?? aPage();
  const asking = new ConsentController({
    project: model,
    link: {
      ours: setting.ours ?? true,
      finish: async (job: Job) => void made.finished.push(job)
    } as unknown as NotebookLink,
    client: { consent: async () => page, nonce: async () => ({ nonce: `n${++nonces}`, page }) },
    ask: async (shown, note) => {
      made.asked.push([shown, note]);
      return answers.length ? answers.shift()! : null;
    },
    settings: new FakeSettings({ askConsentOnOpen: setting.askConsentOnOpen ?? true }),
    trans,
    memory: { getItem: key => memory.get(key) ?? null, setItem: (key, value) => void memory.set(key, value) }
  });
  await settle();
  return { project: model, asking, nonces: () => nonces, memory, ...made };
}

describe('a notebook whose lock nobody here has agreed to', () => {
  it('asks when it is opened', async () => {
    expect((await scene()).asked).toHaveLength(1);
  });

  it.each([
    ['that is trusted', { trusted: true }],
    ['without a lock', { lock: null }],
    ["in another's kernel", { ours: false }],
    ['behind another one', { visible: false }],
    ['where the settings say so', { askConsentOnOpen: false }]
  ])('does not ask for one %s', async (_name, setting) => {
    const { asked, nonces } = await scene(setting);
    expect([asked.length, nonces()]).toEqual([0, 0]);
  });

  it('asks when it comes to the front', async () => {
    const { asked, asking, project } = await scene({ visible: false });
    Object.assign(project.notebook, { isVisible: true });
    asking.consider();
    await settle();
    expect(asked).toHaveLength(1);
  });

  it('asks no second time after "without", in this tab and for this lock', async () => {
    const memory = new Map<string, string>();
    const first = await scene({ memory });
    first.asking.consider();
    await settle();
    expect(first.asked).toHaveLength(1);
    expect(first.jobs).toEqual([]);
    expect((await scene({ memory })).asked).toHaveLength(0);
    expect((await scene({ memory, page: aPage({ fingerprint: 'f2' }) })).asked).toHaveLength(1);
  });

  it('asks again whenever somebody wants it', async () => {
    const { asked, project } = await scene();
    project.askConsent();
    await settle();
    expect(asked).toHaveLength(2);
  });

  it('asks one question at a time', async () => {
    const { asked, project } = await scene({ visible: false });
    project.askConsent();
    project.askConsent();
    await settle();
    expect(asked).toHaveLength(1);
  });
});

describe('a yes', () => {
  it('goes out with its nonce, the fingerprint that was shown, and what was ticked', async () => {
    const { jobs, finished } = await scene({ answers: [['build:oldie']] });
    expect(jobs).toEqual([{ kind: 'trust', allow: ['build:oldie'], nonce: 'n1', fingerprint: 'f1' }]);
    expect(finished).toHaveLength(1);
  });

  it('is asked for anew, with the reason and another nonce, where the lock has changed meanwhile', async () => {
    const changed = failed(aJob({ kind: 'trust' }), 'the lock has changed', 'look again');
    const ends = [
      { ...changed, failure: { ...changed.failure!, code: 'changed-since-shown' } },
      ended(aJob({ kind: 'trust' }))
    ];
    const { asked, jobs } = await scene({ answers: [[], []], ends });
    expect(asked.map(([, note]) => note)).toEqual(['', 'The lock has changed']);
    expect(jobs.map(({ nonce }) => nonce)).toEqual(['n1', 'n2']);
  });

  it('that fails for another reason says why, and asks no more', async () => {
    const { asked } = await scene({
      answers: [[]],
      ends: [failed(aJob({ kind: 'trust' }), 'the index does not answer', 'try later')]
    });
    expect(asked).toHaveLength(1);
    expect(Notification.manager.notifications[0]?.message).toContain('The index does not answer');
  });
});

it('a question that can not be asked says why', async () => {
  const { project, asking } = await scene({ visible: false });
  const no = new ProblemError(
    { code: 'not-allowed', message: 'the server does not let you', hint: 'sign in', context: {}, steps: [] },
    403
  );
  vi.spyOn(asking['_options'].client, 'nonce').mockRejectedValue(no);
  project.askConsent();
  await settle();
  expect(Notification.manager.notifications[0]?.message).toContain('The server does not let you');
});
