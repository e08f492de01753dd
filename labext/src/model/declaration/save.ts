/**
 * Saves after an edit of ours, without the question of JupyterLab about two versions: that one belongs to a save that the
 * user asked for. Two tabs of one browser take turns.
 */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

import { NAME } from '../tokens';

/** Why nothing was written: the file is another one by now, is gone, or may not be written. */
export type Unsaved = 'changed' | 'gone' | 'read-only';

type Context = DocumentRegistry.IContext<INotebookModel>;

/** As the file system tells time: two stamps nearer than this are one. */
const MARGIN_MS = 500;

/** Runs `work` while no other tab of this browser runs its own for the same notebook. */
export async function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  // there are no locks in a page that came over plain http from another machine
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return locks ? ((await locks.request(`${NAME}:${path}`, work)) as T) : work();
}

/** Whether the file is what this page last read or wrote. */
export async function fileState(context: Context, contents: Contents.IManager): Promise<'same' | Unsaved> {
  let disk: Contents.IModel;
  try {
    disk = await contents.get(context.path, { content: false, hash: true });
  } catch (error) {
    if ((error as { response?: Response }).response?.status === 404) {
      return 'gone';
    }
    throw error;
  }
  if (!disk.writable) {
    return 'read-only';
  }
  const known = context.contentsModel;
  return known && !context.model.collaborative && differs(known, disk) ? 'changed' : 'same';
}

/** Whether the file was written by something else since; without hashes, by its time. */
function differs(known: Omit<Contents.IModel, 'content'>, disk: Contents.IModel): boolean {
  return known.hash && disk.hash
    ? known.hash !== disk.hash
    : Date.parse(disk.last_modified) - Date.parse(known.last_modified) > MARGIN_MS;
}

/** The text of every cell of the file, in order, with its type. */
export async function cellsOnDisk(context: Context, contents: Contents.IManager): Promise<{ type: string; source: string }[]> {
  const file = await contents.get(context.path, { content: true, type: 'notebook', format: 'json' });
  const cells = (file.content as { cells?: { cell_type?: unknown; source?: unknown }[] } | null)?.cells ?? [];
  return cells.map(({ cell_type, source }) => ({
    type: String(cell_type),
    source: Array.isArray(source) ? source.join('') : typeof source === 'string' ? source : ''
  }));
}
