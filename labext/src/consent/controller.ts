/**
 * When the user is asked for consent, and what happens after the answer.
 *
 * The server's nonce lives in the variables of one question, from the answer that brought it to the job that takes it away:
 * commands, outputs, messages and the rest of the page never hold it.
 */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { problemOf } from '../model/client/problems';
import type { NotebookLink } from '../model/kernel/link';
import { escapeLine, capitalize } from '../status/text';
import type { IDepSettings } from '../model/settings';
import { type IDepClient, type INotebookProject, NAME } from '../model/tokens';
import type { ConsentPage, Job, Problem, Project } from '../model/wire';

/** The answer to one question: what was ticked, or null for "without". */
export type Ask = (page: ConsentPage, note: string) => Promise<ReadonlyArray<string> | null>;

/** Ends of a question that the next one answers: it came too late, the lock is another one by now, or wants another tick. */
const ASK_AGAIN = new Set(['nonce-refused', 'changed-since-shown', 'consent-missing', 'host-not-vouched']);

export interface IConsentOptions {
  project: INotebookProject;
  link: NotebookLink;
  client: Pick<IDepClient, 'consent' | 'nonce'>;
  ask: Ask;
  trans: TranslationBundle;
  settings: IDepSettings;
  /** Remembers, for this tab, which lock was answered with "without". */
  memory: Pick<Storage, 'getItem' | 'setItem'>;
}

export class ConsentController implements IDisposable {
  constructor(private readonly _options: IConsentOptions) {
    const { project } = _options;
    project.consentRequested.connect(this._onRequested, this);
    project.changed.connect(this.consider, this);
    project.notebook.disposed.connect(this.dispose, this);
    this.consider();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._options.project.consentRequested.disconnect(this._onRequested, this);
      this._options.project.changed.disconnect(this.consider, this);
    }
  }

  /** Asks, once for one lock, if the notebook is in front, in a dep kernel, and its lock is not allowed. */
  consider(): void {
    const { link, project, settings } = this._options;
    if (this._disposed || this._considered || !needsAnswer(project.project)) {
      return;
    }
    if (settings.values.askConsentOnOpen && link.ours && project.notebook.isVisible && project.active === null) {
      this._considered = true;
      void this._askUnlessRefused();
    }
  }

  /** Asks, carries out a yes, and asks again while that needs another answer. */
  async question(): Promise<void> {
    if (this._asking) {
      return;
    }
    this._asking = true;
    try {
      let note = '';
      do {
        const problem = await this._once(note);
        note = problem && ASK_AGAIN.has(problem.code) ? capitalize(problem.message) : '';
        if (problem && !note) {
          this._tell(problem);
        }
      } while (note && !this._disposed);
    } finally {
      this._asking = false;
    }
  }

  private _onRequested(): void {
    void this.question();
  }

  private async _askUnlessRefused(): Promise<void> {
    const { client, memory, project } = this._options;
    try {
      const { fingerprint, given } = await client.consent(project.path);
      if (!given && memory.getItem(this._key) !== fingerprint) {
        await this.question();
      }
    } catch {
      // banner and badge tell the same, with a button
    }
  }

  /** One question; what went wrong, or null. */
  private async _once(note: string): Promise<Problem | null> {
    const { ask, client, link, memory, project } = this._options;
    let job: Job;
    try {
      const { nonce, page } = await client.nonce(project.path);
      if (page.given && page.unusual.every(one => one.given)) {
        await project.refresh();
        return null;
      }
      const allow = await ask(page, note);
      if (allow === null) {
        memory.setItem(this._key, page.fingerprint);
        return null;
      }
      job = await project.run({ kind: 'trust', allow, nonce, fingerprint: page.fingerprint });
    } catch (error) {
      return problemOf(error);
    }
    if (job.state !== 'done') {
      return job.state === 'failed' ? job.failure : null;
    }
    await link.finish(job, true);
    return null;
  }

  private _tell(problem: Problem): void {
    const words = [capitalize(problem.message), capitalize(problem.hint)].filter(Boolean).map(text => escapeLine(text));
    Notification.error(words.join('\n'), { autoClose: 10_000 });
  }

  private get _key(): string {
    return `${NAME}:without:${this._options.project.path}`;
  }

  private _considered = false;
  private _asking = false;
  private _disposed = false;
}

/** Whether a project has a lock that can be read and is not allowed yet. */
function needsAnswer(project: Project | null): boolean {
  return project !== null && project.lock !== null && !project.trusted && project.problem === null;
}
