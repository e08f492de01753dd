/**
 * Edits of one notebook's declaration, one after the other: made in the shared model, saved, and made once among all the pages
 * that hold the notebook and were told the same.
 */
import type { ISharedNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import { holdsBlock } from './block';
import { applyEdit, type IKernelName, type ITextEdit } from './edits';
import { cellsOnDisk, fileState, inTurn, type Unsaved } from './save';
import type { INotebookProject } from '../tokens';

/** The start that the page where an edit was asked for has over others that hold the same notebook. */
const HEAD_START = 800;

const DEP: IKernelName = { name: 'dep', display_name: 'Python (dep)' };

/** What an editor has to say to its user. */
export interface INotifier {
  /** The cell is neither as it was nor as it should be; `now` is null where it is gone. */
  other(project: INotebookProject, now: string | null, after: string): void;
  unsaved(project: INotebookProject, why: Unsaved | 'unreachable'): void;
}

export interface IEditorOptions {
  project: INotebookProject;
  contents: Contents.IManager;
  notifier: INotifier;
  saveAfterEdit: () => boolean;
  /** Whether a kernel of ours runs the notebook. */
  ours: () => boolean;
}

export class Editor implements IDisposable {
  /** To be made when the notebook has just been read. */
  constructor(private readonly _options: IEditorOptions) {
    this._kept = this._own();
    this._context.saveState.connect(this._onSave, this);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._context.saveState.disconnect(this._onSave, this);
    }
  }

  /** Makes and saves an edit. `first`: it was asked for in this page, by a cell or a job; others let that one begin. */
  edit(edit: ITextEdit, first: boolean): Promise<void> {
    const { project } = this._options;
    const work = this._editing.then(async () => {
      await this._letOthersBegin(first);
      if (!this._disposed) {
        await inTurn(project.path, () => this._editInTurn(edit));
        void project.refresh();
      }
    });
    this._editing = work.catch(() => undefined);
    return this._editing;
  }

  private get _context(): NotebookPanel['context'] {
    return this._options.project.notebook.context;
  }

  private get _shared(): ISharedNotebook {
    return this._context.model.sharedModel;
  }

  /** Everybody who holds the notebook gets the same edit; where it was asked for, there it is made and saved first. */
  private async _letOthersBegin(first: boolean): Promise<void> {
    const awareness = (this._shared as { awareness?: { clientID: number; getStates(): Map<number, unknown> } }).awareness;
    const pages = awareness ? [...awareness.getStates().keys()].filter(id => id < awareness.clientID).length : 0;
    const wait = first ? 0 : HEAD_START * (1 + pages);
    if (wait > 0) {
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  }

  private async _editInTurn(edit: ITextEdit): Promise<void> {
    const { contents, notifier, project } = this._options;
    const context = this._context;
    const untouched = this._own() === this._kept;
    const found = await fileState(context, contents).catch(() => 'unreachable' as const);
    if (found === 'changed' && untouched && (await this._isMadeOnDisk(edit))) {
      await context.revert();
      this._kept = this._own();
      return;
    }
    if (this._disposed) {
      return;
    }
    const carried = applyEdit(this._shared, edit, this._kernelToName());
    if (carried.kind === 'other') {
      notifier.other(project, carried.now, edit.after);
    }
    if (carried.kind !== 'applied') {
      return;
    }
    if (!this._options.saveAfterEdit()) {
      return;
    }
    if (found === 'same') {
      // a save that fails has Lab's message
      await context.save().catch(() => undefined);
    } else {
      notifier.unsaved(project, found);
    }
  }

  /** What of the cells is the user's: their texts and runs. Metadata changes by itself whenever a kernel comes. */
  private _own(): string {
    return JSON.stringify(
      this._shared.cells.map(cell => [cell.getSource(), (cell as { execution_count?: number | null }).execution_count ?? 0])
    );
  }

  private _onSave(_: unknown, state: string): void {
    if (state.startsWith('completed')) {
      this._kept = this._own();
    }
  }

  /** Whether another tab has made and saved the same edit, so that its file is the newer one. */
  private async _isMadeOnDisk(edit: ITextEdit): Promise<boolean> {
    try {
      const cells = await cellsOnDisk(this._context, this._options.contents);
      const sources = cells.filter(({ type }) => type === 'code').map(({ source }) => source);
      return edit.after.trim()
        ? sources.some(source => source.trimEnd() === edit.after.trimEnd())
        : !sources.some(source => holdsBlock(source));
    } catch {
      return false;
    }
  }

  /** The first block names the kernel that can carry it out, unless one of ours runs already. */
  private _kernelToName(): IKernelName | null {
    const named = this._shared.getMetadata('kernelspec') as { name?: unknown } | undefined;
    return this._options.ours() || named?.name === DEP.name ? null : DEP;
  }

  private _editing: Promise<void> = Promise.resolve();
  /** The user's part of the notebook when it was last read or written. */
  private _kept: string;
  private _disposed = false;
}
