/**
 * What a job does and how far it is, in words and as a fraction.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { INotebookProject } from '../model/tokens';
import type { Job, JobKind, JobProgress } from '../model/wire';
import { escapeLine } from './text';

/** `building 3 of 12`; the phase where nothing is counted. */
export function progressText(progress: JobProgress | null, trans: TranslationBundle): string {
  if (progress === null) {
    return trans.__('starting');
  }
  if (progress.total) {
    return trans.__('building %1 of %2', String(Math.min(progress.done, progress.total)), String(progress.total));
  }
  return escapeLine(progress.phase, 40) || trans.__('working');
}

/** How much is done, from 0 to 1; by bytes where they are known. */
export function fraction(progress: JobProgress | null): number | null {
  if (progress?.bytes_total) {
    return Math.min(progress.bytes_done / progress.bytes_total, 1);
  }
  return progress?.total ? Math.min(progress.done / progress.total, 1) : null;
}

/** What a job does, with the names that this page requested in it. */
export function jobTitle(
  job: Job,
  trans: TranslationBundle,
  requested: INotebookProject['requestedNames'] = new Map()
): string {
  const names = listNames(requested.get(job.id) ?? []);
  return (names && titlesWithNames(names, trans)[job.kind]) || titles(trans)[job.kind];
}

function titlesWithNames(names: string, trans: TranslationBundle): Partial<Record<JobKind, string>> {
  return {
    add: trans.__('Adding %1', names),
    remove: trans.__('Removing %1', names),
    update: trans.__('Updating %1', names)
  };
}

function titles(trans: TranslationBundle): Record<JobKind, string> {
  return {
    init: trans.__('Declaring the imported packages'),
    add: trans.__('Adding packages'),
    remove: trans.__('Removing packages'),
    update: trans.__('Updating packages'),
    lock: trans.__('Locking'),
    sync: trans.__('Building the environment'),
    undo: trans.__('Undoing'),
    redo: trans.__('Redoing'),
    python: trans.__('Changing the Python version'),
    trust: trans.__('Recording your consent'),
    outdated: trans.__('Checking for updates')
  };
}

/** The first three names, and dots if there are more. */
export function listNames(names: ReadonlyArray<string>): string {
  return (
    names
      .slice(0, 3)
      .map(name => escapeLine(name, 80))
      .join(', ') + (names.length > 3 ? ', …' : '')
  );
}
