/**
 * The errors of the client, and the problems that it reports itself when an answer is missing or malformed.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { PROTOCOL, type Problem } from '../wire';

/** The server refused a request, and said why. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number
  ) {
    super(problem.message);
    this.name = 'ProblemError';
  }
}

/** The server did not answer. */
export class UnreachableError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
    this.name = 'UnreachableError';
  }
}

/** The problem to show for anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError || error instanceof UnreachableError) {
    return error.problem;
  }
  return { code: 'page', message: error instanceof Error ? error.message : String(error), hint: '', context: {}, steps: [] };
}

/** The problem in an answer's body; one of the page's own where the body holds none. `versionHeader`: null if it is absent. */
export function answerProblem(status: number, body: unknown, versionHeader: string | null, trans: TranslationBundle): Problem {
  const { code, message, ...rest } = (body ?? {}) as Partial<Problem>;
  if (typeof code === 'string' && typeof message === 'string') {
    return { hint: '', context: {}, steps: [], ...rest, code, message };
  }
  if (status === 404 && versionHeader === null) {
    return problem(
      'no-server-extension',
      trans.__('jupyter-dep is not installed on this server'),
      trans.__('Install jupyter-dep where the server runs, or enable its server extension, then restart the server.')
    );
  }
  if (status === 401 || status === 403) {
    return problem('not-allowed', trans.__('the server does not allow this'), trans.__('Sign in again, then reload the page.'));
  }
  return unexpectedAnswer(status, trans);
}

export function unexpectedAnswer(status: number, trans: TranslationBundle): Problem {
  return problem(
    'unexpected-answer',
    trans.__('unexpected answer from the server (status %1)', String(status)),
    trans.__("Check the server's log, then try again.")
  );
}

export function unreachable(reason: string, trans: TranslationBundle): Problem {
  return problem(
    'server-unreachable',
    trans.__('the server is not responding (%1)', reason),
    trans.__('Retrying… If you stopped the server, start it again.')
  );
}

export function versionMismatch(serverVersion: number, trans: TranslationBundle): Problem {
  return problem(
    'protocol-mismatch',
    trans.__('version mismatch between page and server'),
    serverVersion > PROTOCOL
      ? trans.__('Reload the page: the server has a newer jupyter-dep.')
      : trans.__('Upgrade jupyter-dep on the server and restart it: the page has a newer one.')
  );
}

function problem(code: string, message: string, hint: string): Problem {
  return { code, message, hint, context: {}, steps: [] };
}
