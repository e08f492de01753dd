/**
 * How a notebook stands: one word for the badge, one banner for the panel. Pure: the model in, words out.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { jobTitle, named, part, working } from './progress';
import { plain, sentence } from './text';
import type { INotebookProject, Reach } from '../model/tokens';
import type { Job, Problem } from '../model/wire';

export type StandingName =
  'reading' | 'away' | 'building' | 'failed' | 'consent' | 'changed' | 'restart' | 'wrong-kernel' | 'none' | 'sync';

/** `text` stands in the badge, `title` says it in a sentence. `part` is between 0 and 1 where it is known. */
export interface IStanding {
  readonly name: StandingName;
  readonly text: string;
  readonly title: string;
  readonly part: number | null;
}

export type Action =
  'consent' | 'lock' | 'sync' | 'restart' | 'change-kernel' | 'retry' | 'reload' | 'init' | 'cancel' | 'dismiss';

/** One banner: what is, and the buttons that help, the likeliest first. */
export interface IBanner {
  readonly name: string;
  readonly tone: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly detail: string;
  readonly actions: ReadonlyArray<{ readonly action: Action; readonly label: string }>;
}

/** What is known of a notebook; the model has all of it. */
export type Facts = Pick<
  INotebookProject,
  'project' | 'problem' | 'active' | 'jobs' | 'asked' | 'dismissed' | 'kernelKey' | 'restart' | 'starter' | 'holding'
> & {
  readonly reach: Reach;
  readonly mismatch: string;
  /** The id and name of the kernel that the notebook has now; null without one. */
  readonly kernel: { readonly id: string; readonly name: string } | null;
};

export const KERNEL_NAME = 'dep';

export function standing(facts: Facts, trans: TranslationBundle): IStanding {
  const of = (name: StandingName, text: string, title: string, part: number | null = null): IStanding => ({
    name,
    text,
    title,
    part
  });
  const { project, active, holding } = facts;
  if (facts.reach === 'lost') {
    return of('away', trans.__('no server'), trans.__('The server does not answer. It is asked again by itself.'));
  }
  if (facts.reach === 'mismatch') {
    return of('away', trans.__('upgrade'), facts.mismatch);
  }
  if (facts.reach === 'absent') {
    return of('away', trans.__('no server side'), trans.__('This server has no jupyter-dep, or its extension is disabled.'));
  }
  if (active !== null) {
    return of('building', working(active.progress, trans), jobTitle(active, trans, facts.asked), part(active.progress));
  }
  if (holding?.state === 'building') {
    return of('building', working(holding.progress, trans), plain(sentence(holding.headline)), part(holding.progress));
  }
  if (project === null) {
    return facts.problem
      ? of('failed', trans.__('unknown'), plain(sentence(facts.problem.message)))
      : of('reading', '…', trans.__('Reading what this notebook declares'));
  }
  const trouble = facts.problem ?? project.problem ?? (holding?.state === 'diagnosis' ? holding.problem : null);
  if (needsConsent(facts)) {
    return of('consent', trans.__('not consented'), trans.__('Nobody here has agreed to what this lock would install.'));
  }
  if (trouble !== null || project.state === 'invalid' || project.state === 'unmerged') {
    return of('failed', project.state === 'unmerged' ? trans.__('unmerged') : trans.__('problem'), troubleText(trouble, trans));
  }
  const failed = lastFailed(facts);
  // a check that could not be made changes nothing of how the notebook stands
  if (failed !== null && failed.kind !== 'outdated') {
    return of('failed', trans.__('failed'), troubleText(failed.failure, trans));
  }
  if (project.state === 'none') {
    return of('none', trans.__('not a project'), trans.__('This notebook declares no packages.'));
  }
  if (project.state !== 'fresh') {
    return of('changed', trans.__('changed'), difference(facts, trans));
  }
  if (needsRestart(facts)) {
    return of('restart', trans.__('restart needed'), restartText(facts, trans));
  }
  if (wrongKernel(facts)) {
    return of('wrong-kernel', trans.__('other kernel'), trans.__('This notebook runs in a kernel that is not its own.'));
  }
  return of('sync', trans.__('in sync'), trans._n('%1 package, as locked', '%1 packages, as locked', project.packages));
}

/**
 * The one banner that matters most; null where all is well.
 *
 * What was asked for last and failed comes before how the notebook stood already, whose buttons it keeps; it can be dismissed.
 */
export function banner(facts: Facts, trans: TranslationBundle): IBanner | null {
  const shown = standingBanner(facts, trans);
  const failed = lastFailed(facts);
  if (
    failed === null ||
    facts.active !== null ||
    facts.project === null ||
    (facts.reach !== 'up' && facts.reach !== 'unknown')
  ) {
    return shown;
  }
  return {
    name: 'failed',
    tone: 'error',
    text: troubleText(failed.failure, trans),
    detail: hintOf(failed.failure),
    actions: [...(shown?.actions ?? []), { action: 'dismiss', label: trans.__('Dismiss') }]
  };
}

function standingBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  const { project, holding } = facts;
  const of = (name: string, tone: IBanner['tone'], text: string, detail = '', actions: IBanner['actions'] = []): IBanner => ({
    name,
    tone,
    text,
    detail,
    actions
  });
  if (facts.reach === 'mismatch') {
    return of('mismatch', 'error', trans.__('The page and the server are of two versions.'), facts.mismatch, [
      { action: 'reload', label: trans.__('Reload the page') }
    ]);
  }
  if (facts.reach === 'lost') {
    return of(
      'lost',
      'error',
      trans.__('The server does not answer.'),
      trans.__('It is asked again by itself; what was running there may still run.'),
      [{ action: 'retry', label: trans.__('Try now') }]
    );
  }
  if (facts.reach === 'absent') {
    return of('absent', 'error', troubleText(facts.problem, trans), hintOf(facts.problem), [
      { action: 'retry', label: trans.__('Try again') }
    ]);
  }
  if (isGone(facts.problem)) {
    return of(
      'gone',
      'error',
      trans.__('The file of this notebook is gone.'),
      trans.__('It was deleted, moved or renamed elsewhere. Save the notebook to write it again.'),
      [{ action: 'retry', label: trans.__('Read again') }]
    );
  }
  if (project === null) {
    return facts.problem
      ? of('problem', 'error', troubleText(facts.problem, trans), hintOf(facts.problem), [
          { action: 'retry', label: trans.__('Try again') }
        ])
      : null;
  }
  if (needsConsent(facts)) {
    return of(
      'consent',
      'warn',
      trans.__('You have not agreed to this lock.'),
      trans.__('Nothing of it is installed or run until you have seen what it would bring.'),
      [{ action: 'consent', label: trans.__('Review and decide…') }]
    );
  }
  const trouble = facts.problem ?? project.problem;
  if (trouble !== null || project.state === 'invalid' || project.state === 'unmerged') {
    const unmerged = project.state === 'unmerged';
    return of('problem', 'error', troubleText(trouble, trans), hintOf(trouble), [
      unmerged ? { action: 'lock', label: trans.__('Merge both sides') } : { action: 'retry', label: trans.__('Read again') }
    ]);
  }
  if (holding?.state === 'diagnosis' && facts.active === null) {
    const detail = holding.problem?.hint || holding.steps[0] || '';
    return of('holding', 'error', plain(sentence(holding.problem?.message || holding.headline)), plain(sentence(detail)), [
      { action: 'restart', label: trans.__('Restart the kernel') }
    ]);
  }
  if ((project.state === 'stale' || project.state === 'unlocked') && facts.active === null) {
    const detail =
      project.state === 'stale'
        ? trans.__('The kernel runs what is locked, until you lock again.')
        : trans.__('Locking finds the versions and builds the environment.');
    return of('stale', 'warn', difference(facts, trans), detail, [{ action: 'lock', label: trans.__('Lock') }]);
  }
  if (project.state === 'pending') {
    return of('pending', 'info', difference(facts, trans), trans.__('It is waiting to be written into the notebook.'), []);
  }
  if (needsRestart(facts)) {
    return of('restart', 'warn', restartText(facts, trans), '', [{ action: 'restart', label: trans.__('Restart the kernel') }]);
  }
  if (wrongKernel(facts)) {
    return of(
      'wrong-kernel',
      'warn',
      trans.__('This notebook runs in “%1”, not in its own environment.', plain(facts.kernel?.name ?? '', 60)),
      trans.__('Its packages are only there in the kernel “Python (dep)”.'),
      [{ action: 'change-kernel', label: trans.__('Use Python (dep)') }]
    );
  }
  return null;
}

export function needsConsent({ project, holding }: Facts): boolean {
  return project !== null && ((project.lock !== null && !project.trusted) || holding?.state === 'asking');
}

/** The kernel runs, or has loaded, something else than what is locked now. */
export function needsRestart(facts: Facts): boolean {
  if (facts.restart.length > 0) {
    return true;
  }
  const { project, kernel } = facts;
  const running = project?.kernels.find(one => one.id === kernel?.id);
  if (!project || !running || running.holding || project.environment === null) {
    return false;
  }
  return facts.kernelKey !== null ? facts.kernelKey !== project.environment : running.moved_on;
}

export function wrongKernel({ project, kernel }: Facts): boolean {
  return (
    project !== null &&
    project.lock !== null &&
    kernel !== null &&
    kernel.name !== KERNEL_NAME &&
    !project.kernels.some(one => one.id === kernel.id)
  );
}

/** The newest job if it failed, until another one ends or it is dismissed; nobody has to be told that they cancelled. */
export function lastFailed({ jobs, dismissed }: Pick<Facts, 'jobs' | 'dismissed'>): Job | null {
  const last = jobs.find(job => job.ended !== null);
  return last?.state === 'failed' && last.id !== dismissed ? last : null;
}

/** The notebook was deleted, or went away otherwise, under the page. */
export function isGone(problem: Problem | null): boolean {
  return problem?.code === 'no-such-notebook';
}

function hintOf(problem: Pick<Problem, 'hint'> | null): string {
  return plain(sentence(problem?.hint ?? ''));
}

function troubleText(problem: Pick<Problem, 'message'> | null, trans: TranslationBundle): string {
  return problem ? plain(sentence(problem.message)) : trans.__('The declaration or the lock can not be read.');
}

function difference({ project }: Facts, trans: TranslationBundle): string {
  if (project?.state === 'unlocked') {
    return trans.__('The packages are declared but not locked.');
  }
  const words: string[] = [];
  if (project?.wanted.length) {
    words.push(trans.__('declared but not locked: %1', named(project.wanted)));
  }
  if (project?.gone.length) {
    words.push(trans.__('locked but not declared: %1', named(project.gone)));
  }
  return sentence(words.join('; ')) || trans.__('The declaration is not what was locked.');
}

function restartText({ restart }: Facts, trans: TranslationBundle): string {
  if (restart.length === 0) {
    return trans.__('The project has another environment now: restart the kernel to use it.');
  }
  const [name, before, after] = restart[0]!;
  const first = after
    ? trans.__('%1 %2 → %3 is imported: restart to use it.', plain(name, 60), plain(before, 30), plain(after, 30))
    : trans.__('%1 %2 is imported but gone: restart to be rid of it.', plain(name, 60), plain(before, 30));
  return restart.length > 1 ? `${first} ${trans._n('One more is.', '%1 more are.', restart.length - 1)}` : first;
}
