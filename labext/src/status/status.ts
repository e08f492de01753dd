/**
 * The status of a notebook's packages, as the badge shows it. Pure: the model in, words out.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ConnectionState, IDepClient, INotebookProject } from '../model/tokens';
import type { Job, Problem } from '../model/wire';
import { fraction, jobTitle, listNames, progressText } from './progress';
import { capitalize, escapeLine } from './text';

export type StatusName =
  'reading' | 'offline' | 'building' | 'failed' | 'consent' | 'changed' | 'restart' | 'wrong-kernel' | 'none' | 'sync';

/** `text` stands in the badge, `title` says it in a sentence. `fraction` is between 0 and 1 where it is known. */
export interface IStatus {
  readonly name: StatusName;
  readonly text: string;
  readonly title: string;
  readonly fraction: number | null;
}

/** What badge and banner are derived from. */
export type Facts = Pick<
  INotebookProject,
  'project' | 'problem' | 'active' | 'jobs' | 'requestedNames' | 'dismissed' | 'kernelKey' | 'restart' | 'starter' | 'holding'
> & {
  readonly connectionState: ConnectionState;
  readonly mismatch: string;
  /** The id and name of the kernel that the notebook has now; null without one. */
  readonly kernel: { readonly id: string; readonly name: string } | null;
};

export const KERNEL_NAME = 'dep';

export function factsOf(model: INotebookProject, client: IDepClient): Facts {
  const kernel = model.notebook.isDisposed ? null : model.notebook.sessionContext.session?.kernel;
  return {
    project: model.project,
    problem: model.problem,
    active: model.active,
    jobs: model.jobs,
    requestedNames: model.requestedNames,
    dismissed: model.dismissed,
    kernelKey: model.kernelKey,
    restart: model.restart,
    starter: model.starter,
    holding: model.holding,
    connectionState: client.connectionState,
    mismatch: client.mismatch,
    kernel: kernel ? { id: kernel.id, name: kernel.name } : null
  };
}

/** The first rule that applies: connection, running work, errors, then how declaration, lock and kernel compare. */
export function status(facts: Facts, trans: TranslationBundle): IStatus {
  return (
    connectionStatus(facts, trans) ??
    workStatus(facts, trans) ??
    errorStatus(facts, trans) ??
    projectStatus(facts, trans) ??
    make('reading', '…', trans.__('Reading the packages of this notebook'))
  );
}

function make(name: StatusName, text: string, title: string, done: number | null = null): IStatus {
  return { name, text, title, fraction: done };
}

function connectionStatus({ connectionState, mismatch }: Facts, trans: TranslationBundle): IStatus | null {
  switch (connectionState) {
    case 'lost':
      return make('offline', trans.__('Disconnected'), trans.__('Server not responding. Retrying…'));
    case 'mismatch':
      return make('offline', trans.__('Version mismatch'), mismatch);
    case 'absent':
      return make(
        'offline',
        trans.__('Server extension missing'),
        trans.__('jupyter-dep is not installed on this server, or its server extension is disabled.')
      );
    default:
      return null;
  }
}

function workStatus({ active, holding, requestedNames }: Facts, trans: TranslationBundle): IStatus | null {
  if (active !== null) {
    const { progress } = active;
    return make(
      'building',
      capitalize(progressText(progress, trans)),
      jobTitle(active, trans, requestedNames),
      fraction(progress)
    );
  }
  if (holding?.state === 'building') {
    const { headline, progress } = holding;
    return make('building', capitalize(progressText(progress, trans)), escapeLine(capitalize(headline)), fraction(progress));
  }
  return null;
}

/** Consent comes before errors: what a lock without it says of itself does not count yet. */
function errorStatus(facts: Facts, trans: TranslationBundle): IStatus | null {
  const { project, problem, holding } = facts;
  if (project === null) {
    return problem && make('failed', trans.__('Unknown'), problemText(problem, trans));
  }
  if (needsConsent(facts)) {
    return make('consent', trans.__('Consent needed'), trans.__('You have not allowed this lock to install packages.'));
  }
  const error = problem ?? project.problem ?? diagnosisOf(holding);
  if (project.state === 'unmerged') {
    return make('failed', trans.__('Merge conflict'), problemText(error, trans));
  }
  if (error !== null || project.state === 'invalid') {
    return make('failed', trans.__('Error'), problemText(error, trans));
  }
  return failedStatus(facts, trans);
}

/** Why the kernel did not start. */
function diagnosisOf(holding: Facts['holding']): Problem | null {
  return holding?.state === 'diagnosis' ? holding.problem : null;
}

function failedStatus(facts: Facts, trans: TranslationBundle): IStatus | null {
  const failed = lastFailed(facts);
  // a failed check for updates leaves the packages as they were
  return failed !== null && failed.kind !== 'outdated'
    ? make('failed', trans.__('Failed'), problemText(failed.failure, trans))
    : null;
}

function projectStatus(facts: Facts, trans: TranslationBundle): IStatus | null {
  const { project } = facts;
  if (project === null) {
    return null;
  }
  if (project.state === 'none') {
    return make('none', trans.__('No packages yet'), trans.__('This notebook declares no packages.'));
  }
  if (project.state !== 'fresh') {
    return make('changed', trans.__('Changed'), changesText(facts, trans));
  }
  if (needsRestart(facts)) {
    return make('restart', trans.__('Restart needed'), restartText(facts, trans));
  }
  if (wrongKernel(facts)) {
    return make('wrong-kernel', trans.__('Other kernel'), trans.__("This notebook does not run in its own packages' kernel."));
  }
  return make('sync', trans.__('In sync'), trans._n('%1 package, as locked', '%1 packages, as locked', project.packages));
}

export function needsConsent({ project, holding }: Facts): boolean {
  return project !== null && ((project.lock !== null && !project.trusted) || holding?.state === 'asking');
}

/** Whether the kernel runs, or has loaded, something else than what is locked now. */
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

/** The newest job if it failed, until another one ends or it is dismissed. A cancelled job does not count. */
export function lastFailed({ jobs, dismissed }: Pick<Facts, 'jobs' | 'dismissed'>): Job | null {
  const last = jobs.find(job => job.ended !== null);
  return last?.state === 'failed' && last.id !== dismissed ? last : null;
}

export function problemText(problem: Pick<Problem, 'message'> | null, trans: TranslationBundle): string {
  return problem ? escapeLine(capitalize(problem.message)) : trans.__('The declaration or the lock cannot be read.');
}

/** How declaration and lock differ. */
export function changesText({ project }: Facts, trans: TranslationBundle): string {
  if (project?.state === 'unlocked') {
    return trans.__('The packages are declared but not locked.');
  }
  const words: string[] = [];
  if (project?.wanted.length) {
    words.push(trans.__('declared but not locked: %1', listNames(project.wanted)));
  }
  if (project?.gone.length) {
    words.push(trans.__('locked but not declared: %1', listNames(project.gone)));
  }
  return capitalize(words.join('; ')) || trans.__('The declaration has changed since it was locked.');
}

export function restartText({ restart }: Facts, trans: TranslationBundle): string {
  if (restart.length === 0) {
    return trans.__('The environment has changed: restart the kernel to use it.');
  }
  const [name, before, after] = restart[0]!;
  const first = after
    ? trans.__(
        '%1 %2 → %3 is imported: restart to use it.',
        escapeLine(name, 60),
        escapeLine(before, 30),
        escapeLine(after, 30)
      )
    : trans.__('%1 %2 was removed but is still imported: restart to unload it.', escapeLine(name, 60), escapeLine(before, 30));
  const more = restart.length - 1;
  return more > 0 ? `${first} ${trans._n('%1 more has changed.', '%1 more have changed.', more)}` : first;
}
