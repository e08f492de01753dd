/**
 * What was done to this notebook's packages since the server started, newest first.
 */
import * as React from 'react';

import { isEnded } from '../model/jobs';
import type { Job } from '../model/wire';
import { jobTitle } from '../status/progress';
import { age, capitalize, escapeLine } from '../status/text';
import { InlineCode } from '../ui/inlineCode';
import type { IPanelProps } from './context';

export function Log({ model, trans }: IPanelProps): React.JSX.Element | null {
  const ended = model.jobs.filter(isEnded);
  if (ended.length === 0) {
    return null;
  }
  return (
    <details className="jp-Dep-section jp-Dep-log">
      <summary>
        <h3>{trans.__('Log')}</h3>
        <span className="jp-Dep-count">{ended.length}</span>
      </summary>
      <ul>
        {ended.map(job => (
          <Entry key={job.id} job={job} requested={model.requestedNames} trans={trans} />
        ))}
      </ul>
    </details>
  );
}

interface IEntryProps extends Pick<IPanelProps, 'trans'> {
  job: Job;
  requested: IPanelProps['model']['requestedNames'];
}

function Entry({ job, requested, trans }: IEntryProps): React.JSX.Element {
  const lines = linesOf(job).filter(Boolean);
  return (
    <li className="jp-Dep-entry" data-state={job.state}>
      <span>
        <InlineCode text={headlineOf({ job, requested, trans })} />
      </span>{' '}
      <span className="jp-Dep-dim">{job.ended ? age(job.ended, trans) : ''}</span>
      {lines.length > 0 && (
        <pre className="jp-Dep-lines">
          <InlineCode text={lines.join('\n')} />
        </pre>
      )}
    </li>
  );
}

function headlineOf({ job, requested, trans }: IEntryProps): string {
  const title = jobTitle(job, trans, requested);
  if (job.state === 'cancelled') {
    return trans.__('Cancelled: %1', title);
  }
  return job.failure
    ? escapeLine(capitalize(job.failure.message))
    : escapeLine(withoutName(job.outcome?.report.headline ?? '', job.path)) || title;
}

function linesOf({ failure, outcome, state }: Job): ReadonlyArray<string> {
  if (state === 'cancelled') {
    return [];
  }
  return failure ? [capitalize(failure.hint)] : [...(outcome?.report.lines ?? []), ...(outcome?.report.notes ?? [])];
}

/** A headline without the notebook's name before it: the panel is about one notebook. */
function withoutName(headline: string, path: string): string {
  const name = `${path.slice(path.lastIndexOf('/') + 1)}: `;
  return capitalize(headline.startsWith(name) ? headline.slice(name.length) : headline);
}
