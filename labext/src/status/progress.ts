/**
 * What a job does and how far it is, in words and as a part of the whole.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { plain } from './text';
import type { INotebookProject } from '../model/tokens';
import type { Job, JobProgress } from '../model/wire';

/** `building 3 of 12`; the phase where nothing is counted. */
export function working(progress: JobProgress | null, trans: TranslationBundle): string {
  if (progress === null) {
    return trans.__('starting');
  }
  if (progress.total) {
    return trans.__('building %1 of %2', String(Math.min(progress.done, progress.total)), String(progress.total));
  }
  return plain(progress.phase, 40) || trans.__('working');
}

/** How much is done, from 0 to 1; by bytes where they are known. */
export function part(progress: JobProgress | null): number | null {
  if (progress?.bytes_total) {
    return Math.min(progress.bytes_done / progress.bytes_total, 1);
  }
  return progress?.total ? Math.min(progress.done / progress.total, 1) : null;
}

/** What a job does, with the names that it was asked for where this page knows them. */
export function jobTitle(job: Job, trans: TranslationBundle, asked: INotebookProject['asked'] = new Map()): string {
  const names = named(asked.get(job.id) ?? []);
  switch (job.kind) {
    case 'init':
      return trans.__('Declaring what the notebook imports');
    case 'add':
      return names ? trans.__('Adding %1', names) : trans.__('Adding');
    case 'remove':
      return names ? trans.__('Removing %1', names) : trans.__('Removing');
    case 'update':
      return names ? trans.__('Updating %1', names) : trans.__('Updating');
    case 'lock':
      return trans.__('Locking');
    case 'sync':
      return trans.__('Building the environment');
    case 'undo':
      return trans.__('Undoing');
    case 'redo':
      return trans.__('Redoing');
    case 'python':
      return trans.__('Changing the Python');
    case 'trust':
      return trans.__('Recording your consent');
    case 'outdated':
      return trans.__('Looking for newer versions');
  }
}

/** The first three names; that there are more is told by dots. */
export function named(names: ReadonlyArray<string>): string {
  return (
    names
      .slice(0, 3)
      .map(name => plain(name, 80))
      .join(', ') + (names.length > 3 ? ', …' : '')
  );
}
