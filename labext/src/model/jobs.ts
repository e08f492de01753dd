/**
 * The jobs of one notebook: those that are known, those that this page has started and waits for, and the newer versions that
 * they found.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { ProblemError } from './client/problems';
import { normalizeName } from './declaration/requirement';
import type { IDepClient, IEndedJob, Work } from './tokens';
import type { Job, JobRequest } from './wire';

const KEPT_JOBS = 20;
/** How long the stream of events may be silent before a running job is asked for, and then how often. */
const QUIET = 1500;
/** How long an ended job's edit and switch may keep its end from being told. */
const LONGEST_FINISH = 10_000;

export function isEnded(job: Job): boolean {
  return job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';
}

export interface IJobsOptions {
  client: IDepClient;
  trans: TranslationBundle;
  path: () => string;
  /** What a job is started with: the work, and what the notebook and its kernel are at that moment. */
  request: (work: Work) => JobRequest;
  /** Reads the project again; rejects never. */
  refresh: () => Promise<void>;
  ended: (end: IEndedJob) => void;
  changed: () => void;
}

export class NotebookJobs {
  constructor(options: IJobsOptions) {
    this._options = options;
    this._client = options.client;
    this._trans = options.trans;
  }

  /** Newest first. */
  get known(): ReadonlyArray<Job> {
    return this._jobs;
  }

  get active(): Job | null {
    return this._jobs.find(job => !isEnded(job)) ?? this._finishing;
  }

  get requestedNames(): ReadonlyMap<string, ReadonlyArray<string>> {
    return this._requestedNames;
  }

  get newer(): ReadonlyMap<string, string> | null {
    return this._newer;
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._poll);
    for (const [, give] of this._waiting) {
      give(null);
    }
    this._waiting.clear();
  }

  async run(work: Work): Promise<Job> {
    this._starting += 1;
    try {
      const job = await this._client.start(this._options.request(work));
      if (this._disposed) {
        throw this._closed(); // the job goes on, but nobody here will hear of its end
      }
      this._mine.add(job.id);
      this._requestedNames.set(job.id, work.names ?? []);
      return new Promise((resolve, reject) => {
        this._waiting.set(job.id, ended => (ended ? resolve(ended) : reject(this._closed())));
        this.onJob(job);
      });
    } finally {
      this._starting -= 1;
      this._early.splice(0).forEach(job => this.onJob(job));
    }
  }

  async cancel(): Promise<void> {
    const job = this._jobs.find(one => !isEnded(one));
    if (job) {
      this.onJob(await this._client.cancel(job.id));
    }
  }

  /** A job's newest state, from the stream, from polling or from an answer, in any order. */
  onJob(job: Job): void {
    if (this._disposed) {
      return;
    }
    if (this._starting > 0 && isEnded(job) && !this._mine.has(job.id)) {
      this._early.push(job); // the stream may be faster than the answer to the start, which says whose it is
      return;
    }
    const at = this._jobs.findIndex(known => known.id === job.id);
    const known = this._jobs[at];
    if (known && isEnded(known)) {
      this._settle(known);
      return;
    }
    this._heard = Date.now();
    this._put(at < 0 ? [job, ...this._jobs] : this._jobs.map(one => (one.id === job.id ? job : one)));
    if (isEnded(job)) {
      this._onEnd(job);
    } else {
      this._watch();
    }
    this._options.changed();
  }

  /** The jobs that run although this page did not hear of them: after a reload, a cut, or from another tab. */
  async catchUp(): Promise<void> {
    try {
      const { jobs } = await this._client.jobs(this._options.path());
      for (const job of [...jobs].sort((one, other) => one.created.localeCompare(other.created))) {
        if (!isEnded(job) || this._jobs.some(known => known.id === job.id)) {
          this.onJob(job);
        } else {
          this._remember(job);
        }
      }
    } catch {
      // what there is to say, the reading has said
    }
  }

  private _onEnd(job: Job): void {
    if (job.kind === 'outdated') {
      this._newer = job.outcome ? newest(job.outcome.data) : this._newer;
    } else if (job.state === 'done') {
      this._newer = null;
    }
    const works: Promise<unknown>[] = [];
    this._finishing = job;
    this._options.ended({ job, mine: this._mine.has(job.id), wait: work => works.push(work) });
    this._settle(job);
    void this._finish(job, works);
  }

  private async _finish(job: Job, works: ReadonlyArray<Promise<unknown>>): Promise<void> {
    const enough = new Promise(resolve => setTimeout(resolve, LONGEST_FINISH));
    await Promise.race([Promise.allSettled(works), enough]);
    await this._options.refresh();
    if (this._finishing === job) {
      this._finishing = null;
      this._options.changed();
    }
  }

  private _put(jobs: ReadonlyArray<Job>): void {
    const newest = [...jobs].sort((one, other) => other.created.localeCompare(one.created));
    this._jobs = newest.slice(0, KEPT_JOBS);
  }

  private _closed(): Error {
    return new Error(this._trans.__('the notebook was closed'));
  }

  private _settle(job: Job): void {
    const give = this._waiting.get(job.id);
    this._waiting.delete(job.id);
    give?.(job);
  }

  /** A job that had ended before this page knew of it: shown in the log, acted on by nobody. */
  private _remember(job: Job): void {
    this._put([job, ...this._jobs]);
    this._options.changed();
  }

  /** While a job runs and the stream is silent, the job is asked for. */
  private _watch(): void {
    if (this._poll !== undefined) {
      return;
    }
    this._poll = setTimeout(() => {
      this._poll = undefined;
      const job = this._jobs.find(one => !isEnded(one));
      if (job === undefined || this._disposed) {
        return;
      }
      if (Date.now() - this._heard < QUIET) {
        this._watch();
        return;
      }
      this._client.job(job.id).then(
        found => {
          this.onJob(found);
          this._watch();
        },
        (error: unknown) => {
          if (error instanceof ProblemError && error.status === 404) {
            this.onJob(this._forgotten(job));
          } else {
            this._watch();
          }
        }
      );
    }, QUIET);
  }

  /** The server was restarted and knows nothing of the job any more. */
  private _forgotten(job: Job): Job {
    const message = this._trans.__('the server was restarted while the job was running');
    const hint = this._trans.__('Nothing was changed. Run it again.');
    const failure = {
      id: 0,
      verb: job.kind,
      code: 'forgotten',
      message,
      hint,
      context: {},
      steps: [],
      exit_code: 1,
      type: 'failure' as const
    };
    return { ...job, state: 'failed', ended: new Date().toISOString(), failure };
  }

  private readonly _options: IJobsOptions;
  private readonly _client: IDepClient;
  private readonly _trans: TranslationBundle;
  private readonly _mine = new Set<string>();
  private readonly _early: Job[] = [];
  private _starting = 0;
  private readonly _requestedNames = new Map<string, ReadonlyArray<string>>();
  private readonly _waiting = new Map<string, (job: Job | null) => void>();
  private _jobs: Job[] = [];
  private _newer: ReadonlyMap<string, string> | null = null;
  private _finishing: Job | null = null;
  private _heard = 0;
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _disposed = false;
}

/** Name → newest version, out of what an `outdated` job tells. */
function newest(data: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const row of Array.isArray(data.packages) ? (data.packages as unknown[]) : []) {
    const { name, latest } = (row ?? {}) as { name?: unknown; latest?: unknown };
    if (typeof name === 'string' && typeof latest === 'string' && latest) {
      found.set(normalizeName(name), latest);
    }
  }
  return found;
}
