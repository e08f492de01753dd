// Written by `python -m jupyter_dep.typescript` from jupyter_dep.messages.web: do not edit.

export const PROTOCOL = 1;

export const HEADER = 'Jupyter-Dep-Protocol';

export const MISSING_MIME = 'application/vnd.jupyter-dep.missing+json';

export type CommIn = Holds | SwitchOrder;

export type CommOut = EditOrder | Switched | Carried | HoldingState;

export type JobKind =
  'init' | 'add' | 'remove' | 'update' | 'lock' | 'sync' | 'undo' | 'redo' | 'python' | 'trust' | 'outdated';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export type StateName = 'none' | 'unlocked' | 'stale' | 'pending' | 'unmerged' | 'invalid' | 'fresh';

/** Who answers. `allowed`: whether this caller may change things here. */
export interface About {
  readonly protocol: number;
  readonly version: string;
  readonly allowed: boolean;
}

/** What would be installed, and from where the lock says it comes. */
export interface Artifact {
  readonly name: string;
  readonly version: string;
  readonly size: number;
  readonly host: string;
  readonly kind: string;
}

/** A verb was carried out in a cell: the project is to be read again. */
export interface Carried {
  readonly verb: string;
  readonly type: 'carried';
}

/** What a yes would cover. `added`, `removed`, `changed`: against the lock that had the last yes, if there was one. */
export interface ConsentPage {
  readonly path: string;
  readonly fingerprint: string;
  readonly given: boolean;
  readonly python: string;
  readonly artifacts: ReadonlyArray<Artifact>;
  readonly size: number;
  readonly unusual: ReadonlyArray<Unusual>;
  readonly before: string | null;
  readonly added: ReadonlyArray<string>;
  readonly removed: ReadonlyArray<string>;
  readonly changed: ReadonlyArray<readonly [string, string, string]>;
}

/** One declared requirement: `text` as written, `locked` the version it got ("" where it has none). */
export interface Declared {
  readonly name: string;
  readonly text: string;
  readonly locked: string;
}

/** What the configured index says of one name: newest version first, at most 50 of them. */
export interface Details {
  readonly name: string;
  readonly versions: ReadonlyArray<string>;
  readonly summary: string;
  readonly requires_python: string;
  readonly size: number;
  readonly near: string;
}

/** `source` needs `target`. */
export interface Edge {
  readonly source: string;
  readonly target: string;
}

export interface Edit {
  readonly project: string;
  readonly before: string | null;
  readonly after: string;
  readonly pending: boolean;
}

/** Replace the text of the declaration's cell, `before` None: there was none; `after` empty: delete the cell. */
export interface EditOrder {
  readonly before: string | null;
  readonly after: string;
  readonly project: string;
  readonly type: 'edit';
}

export interface Failure {
  readonly id: number;
  readonly verb: string;
  readonly code: string;
  readonly message: string;
  readonly context: Readonly<Record<string, string | number>>;
  readonly hint: string;
  readonly steps: ReadonlyArray<NextStep>;
  readonly exit_code: number;
  readonly type: 'failure';
}

/** The locked graph, from `roots` on. */
export interface GraphPage {
  readonly path: string;
  readonly roots: ReadonlyArray<string>;
  readonly edges: ReadonlyArray<Edge>;
}

/** One answer of a search. `source`: where the name is known from. `near`: the popular name it could be mistaken for. */
export interface Hit {
  readonly name: string;
  readonly summary: string;
  readonly tier: number;
  readonly source: 'catalogue' | 'locked' | 'index';
  readonly near: string;
}

/** The answer to `words`, best first. `full`: whether a stored list of the configured index was searched, too. */
export interface Hits {
  readonly words: string;
  readonly hits: ReadonlyArray<Hit>;
  readonly full: boolean;
  readonly near: string;
}

/** The holding kernel: what it waits for. `state` diagnosis: it will not start, and `problem` says why. */
export interface HoldingState {
  readonly state: 'building' | 'asking' | 'diagnosis' | 'ready';
  readonly headline: string;
  readonly progress: JobProgress | null;
  readonly problem: Problem | null;
  readonly steps: ReadonlyArray<string>;
  readonly kept: number;
  readonly type: 'holding';
}

/** The data of the page's `comm_open`, and again whenever the block or the path changes. */
export interface Holds {
  readonly holds: boolean;
  readonly block: string | null;
  readonly path?: string;
}

/** Long work, also after its end. `outcome` is there when it is done, `failure` when it failed or was cancelled. */
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly path: string;
  readonly state: JobState;
  readonly created: string;
  readonly ended: string | null;
  readonly progress: JobProgress | null;
  readonly outcome: Outcome | null;
  readonly failure: Failure | null;
}

/** Goes out at every change of a job. */
export interface JobEvent {
  readonly job: Job;
}

export interface JobProgress {
  readonly text: string;
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
  readonly bytes_done: number;
  readonly bytes_total: number | null;
}

/** Long work to do. `names`: requirements to add, names to remove or update; `python`: for `python` and `init`. */
export interface JobRequest {
  readonly kind: JobKind;
  readonly path: string;
  readonly names?: ReadonlyArray<string>;
  readonly python?: string | null;
  readonly held?: boolean;
  readonly block?: string | null;
  readonly environment?: string | null;
  readonly dry_run?: boolean;
  readonly offline?: boolean;
  readonly imports?: boolean;
  readonly allow?: ReadonlyArray<string>;
  readonly nonce?: string;
  readonly fingerprint?: string;
}

export interface Jobs {
  readonly jobs: ReadonlyArray<Job>;
}

export interface Kernels {
  readonly kernels: ReadonlyArray<RunningKernel>;
}

/** A module that the notebook imports and nothing provides; `name` is the distribution to add, "" where unknown. */
export interface Missing {
  readonly module: string;
  readonly name: string;
  readonly cells: ReadonlyArray<number>;
}

export interface MissingImport {
  readonly module: string;
  readonly names: ReadonlyArray<string>;
}

/** A command that a failure's `hint` names. `target` is the path of the project that it works on, None where it needs none or the user has to choose. `complete`: nothing in it has to be filled in. `text` is the line as it is typed. */
export interface NextStep {
  readonly command: string;
  readonly target: string | null;
  readonly arguments: ReadonlyArray<string>;
  readonly complete: boolean;
  readonly text: string;
}

/** A word that a `trust` job has to bring: good once, for one user, one fingerprint, some minutes. */
export interface Nonce {
  readonly nonce: string;
  readonly page: ConsentPage;
}

export interface NonceRequest {
  readonly path: string;
}

/** A verb that was carried out. `data` is the target's entry in `--json`. */
export interface Outcome {
  readonly id: number;
  readonly verb: string;
  readonly report: Report;
  readonly data: Readonly<Record<string, unknown>>;
  readonly switch: Switch | null;
  readonly edit: Edit | null;
  readonly seconds: number;
  readonly exit_code: number;
  readonly type: 'outcome';
}

/** One locked package. `text` is its bound if it is declared, `cells` those that import it, `unused` where none does. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly declared: boolean;
  readonly text: string;
  readonly via: ReadonlyArray<string>;
  readonly kernel: boolean;
  readonly size: number;
  readonly cells: ReadonlyArray<number>;
  readonly unused: boolean;
  readonly summary: string;
}

/** Every locked package, declared ones first. */
export interface Packages {
  readonly path: string;
  readonly packages: ReadonlyArray<Package>;
}

/** What is wrong, where, and the next step; the body of every answer of status 400 and above. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, string | number>>;
  readonly steps: ReadonlyArray<NextStep>;
}

/** A notebook's standing, as told from disk and what is remembered: no network, no write. */
export interface Project {
  readonly path: string;
  readonly name: string;
  readonly state: StateName;
  readonly trusted: boolean;
  readonly lock: string | null;
  readonly locked_at: string | null;
  readonly python: string | null;
  readonly requires_python: string;
  readonly environment: string | null;
  readonly sealed: boolean;
  readonly size: number;
  readonly declared: ReadonlyArray<Declared>;
  readonly wanted: ReadonlyArray<string>;
  readonly gone: ReadonlyArray<string>;
  readonly packages: number;
  readonly writable: boolean;
  readonly block: string | null;
  readonly folder: string | null;
  readonly undo: string | null;
  readonly redo: string | null;
  readonly note: string;
  readonly problem: Problem | null;
  readonly missing: ReadonlyArray<Missing>;
  readonly kernels: ReadonlyArray<RunningKernel>;
}

/** A project is no longer what it was: read it again. `why` is a verb, or `kernel`. */
export interface ProjectEvent {
  readonly path: string;
  readonly why: string;
}

/** A Python of this machine; `chosen`: the lock was made with its minor, `fits`: the declaration allows it. */
export interface Python {
  readonly version: string;
  readonly minor: string;
  readonly executable: string;
  readonly chosen: boolean;
  readonly fits: boolean;
}

export interface Pythons {
  readonly path: string;
  readonly pythons: ReadonlyArray<Python>;
}

export interface Report {
  readonly headline: string;
  readonly tone: 'plain' | 'good' | 'warn' | 'bad';
  readonly lines: ReadonlyArray<string>;
  readonly tables: ReadonlyArray<Table>;
  readonly notes: ReadonlyArray<string>;
  readonly next: ReadonlyArray<string>;
}

/** A live kernel of ours. `key`: the environment it was started on; `moved_on`: the project has another one now. */
export interface RunningKernel {
  readonly id: string;
  readonly path: string;
  readonly holding: boolean;
  readonly starter: boolean;
  readonly key: string | null;
  readonly moved_on: boolean;
}

/** The environment that the asking kernel should move to. `changed` are the distributions whose files differ between the two, with their versions before and after (empty text for absent). */
export interface Switch {
  readonly key: string;
  readonly path: string;
  readonly python: string;
  readonly site_packages: ReadonlyArray<string>;
  readonly lease: string;
  readonly changed: ReadonlyArray<readonly [string, string, string]>;
}

/** A job of the page made another environment: move to it. Answered by `Switched`. */
export interface SwitchOrder {
  readonly switch: Switch;
  readonly type: 'switch';
}

/** The kernel runs on environment `key` now; `restart` are loaded distributions that differ: name, before, after. */
export interface Switched {
  readonly key: string;
  readonly restart: ReadonlyArray<readonly [string, string, string]>;
  readonly starter: boolean;
  readonly type: 'switched';
}

export interface Table {
  readonly title: string;
  readonly columns: ReadonlyArray<string>;
  readonly rows: ReadonlyArray<ReadonlyArray<string>>;
  readonly tones: ReadonlyArray<'plain' | 'good' | 'warn' | 'bad'>;
}

/** One thing that wants a yes of its own: `item` is what `allow` names, `words` says it, `given` whether it has its yes. */
export interface Unusual {
  readonly item: string;
  readonly kind: string;
  readonly words: string;
  readonly given: boolean;
}
