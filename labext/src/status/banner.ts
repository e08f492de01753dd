/**
 * The one banner of the panel: the status that matters most, and the buttons that help. Pure, like the status.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { HoldingState, Problem } from '../model/wire';
import {
  changesText,
  type Facts,
  lastFailed,
  needsConsent,
  needsRestart,
  problemText,
  restartText,
  wrongKernel
} from './status';
import { capitalize, escapeLine } from './text';

export type Action =
  'consent' | 'lock' | 'sync' | 'restart' | 'change-kernel' | 'retry' | 'reload' | 'init' | 'cancel' | 'dismiss';

/** One banner: the message, a second line, and the buttons that help, the likeliest first. */
export interface IBanner {
  readonly name: string;
  readonly tone: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly detail: string;
  readonly actions: ReadonlyArray<{ readonly action: Action; readonly label: string }>;
}

/**
 * The banner that matters most; null where all is well.
 *
 * The last job's failure comes before the status that it left, and keeps that status's buttons; it can be dismissed.
 */
export function banner(facts: Facts, trans: TranslationBundle): IBanner | null {
  const shown = statusBanner(facts, trans);
  const failed = lastFailed(facts);
  const connected = facts.connectionState === 'up' || facts.connectionState === 'unknown';
  if (failed === null || facts.active !== null || facts.project === null || !connected) {
    return shown;
  }
  return {
    name: 'failed',
    tone: 'error',
    text: problemText(failed.failure, trans),
    detail: hintOf(failed.failure),
    actions: [...(shown?.actions ?? []), { action: 'dismiss', label: trans.__('Dismiss') }]
  };
}

function statusBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  return (
    connectionBanner(facts, trans) ??
    readBanner(facts, trans) ??
    consentBanner(facts, trans) ??
    errorBanner(facts, trans) ??
    changesBanner(facts, trans) ??
    kernelBanner(facts, trans)
  );
}

type Content = Omit<IBanner, 'name' | 'tone'>;

function connectionBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  const error = (name: string, content: Content): IBanner => ({ name, tone: 'error', ...content });
  switch (facts.connectionState) {
    case 'mismatch':
      return error('mismatch', {
        text: trans.__('Version mismatch between page and server.'),
        detail: facts.mismatch,
        actions: [{ action: 'reload', label: trans.__('Reload the page') }]
      });
    case 'lost':
      return error('lost', {
        text: trans.__('Server not responding. Retrying…'),
        detail: trans.__('Jobs that the server was running may still be running.'),
        actions: [{ action: 'retry', label: trans.__('Try now') }]
      });
    case 'absent':
      return error('absent', {
        text: problemText(facts.problem, trans),
        detail: hintOf(facts.problem),
        actions: [{ action: 'retry', label: trans.__('Try again') }]
      });
    default:
      return null;
  }
}

/** The project could not be read at all, or its notebook has gone. */
function readBanner({ problem, project }: Facts, trans: TranslationBundle): IBanner | null {
  if (isGone(problem)) {
    return {
      name: 'gone',
      tone: 'error',
      text: trans.__('The file of this notebook no longer exists.'),
      detail: trans.__('It was deleted, moved or renamed elsewhere. Save the notebook to write it again.'),
      actions: [{ action: 'retry', label: trans.__('Reload packages') }]
    };
  }
  if (project !== null || problem === null) {
    return null;
  }
  return {
    name: 'problem',
    tone: 'error',
    text: problemText(problem, trans),
    detail: hintOf(problem),
    actions: [{ action: 'retry', label: trans.__('Try again') }]
  };
}

function consentBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  return needsConsent(facts)
    ? {
        name: 'consent',
        tone: 'warn',
        text: trans.__('You have not allowed this lock.'),
        detail: trans.__('Nothing in it is installed or run until you review and allow it.'),
        actions: [{ action: 'consent', label: trans.__('Review and decide…') }]
      }
    : null;
}

function errorBanner({ active, holding, problem, project }: Facts, trans: TranslationBundle): IBanner | null {
  if (project === null) {
    return null;
  }
  const error = problem ?? project.problem;
  const unmerged = project.state === 'unmerged';
  if (error !== null || project.state === 'invalid' || unmerged) {
    return {
      name: 'problem',
      tone: 'error',
      text: problemText(error, trans),
      detail: hintOf(error),
      actions: [
        unmerged
          ? { action: 'lock', label: trans.__('Merge both sides') }
          : { action: 'retry', label: trans.__('Reload packages') }
      ]
    };
  }
  return holding?.state === 'diagnosis' && active === null ? diagnosisBanner(holding, trans) : null;
}

/** Why the kernel does not start. */
function diagnosisBanner({ headline, problem, steps }: HoldingState, trans: TranslationBundle): IBanner {
  return {
    name: 'holding',
    tone: 'error',
    text: escapeLine(capitalize(problem?.message || headline)),
    detail: escapeLine(capitalize(problem?.hint || steps[0] || '')),
    actions: [{ action: 'restart', label: trans.__('Restart the kernel') }]
  };
}

function changesBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  const state = facts.project?.state;
  if ((state === 'stale' || state === 'unlocked') && facts.active === null) {
    return {
      name: 'stale',
      tone: 'warn',
      text: changesText(facts, trans),
      detail:
        state === 'stale'
          ? trans.__('The kernel keeps running the locked packages until you lock again.')
          : trans.__('Locking chooses the versions and builds the environment.'),
      actions: [{ action: 'lock', label: trans.__('Lock') }]
    };
  }
  return state === 'pending'
    ? {
        name: 'pending',
        tone: 'info',
        text: changesText(facts, trans),
        detail: trans.__('The change has not been written to the notebook yet.'),
        actions: []
      }
    : null;
}

function kernelBanner(facts: Facts, trans: TranslationBundle): IBanner | null {
  if (facts.project === null) {
    return null;
  }
  if (needsRestart(facts)) {
    return {
      name: 'restart',
      tone: 'warn',
      text: restartText(facts, trans),
      detail: '',
      actions: [{ action: 'restart', label: trans.__('Restart the kernel') }]
    };
  }
  return wrongKernel(facts)
    ? {
        name: 'wrong-kernel',
        tone: 'warn',
        text: trans.__('This notebook runs in the kernel “%1”.', escapeLine(facts.kernel?.name ?? '', 60)),
        detail: trans.__('Its packages are only available in the kernel “Python (dep)”.'),
        actions: [{ action: 'change-kernel', label: trans.__('Use Python (dep)') }]
      }
    : null;
}

/** Whether the notebook's file was deleted or moved while it is open. */
export function isGone(problem: Problem | null): boolean {
  return problem?.code === 'no-such-notebook';
}

function hintOf(problem: Pick<Problem, 'hint'> | null): string {
  return escapeLine(capitalize(problem?.hint ?? ''));
}
