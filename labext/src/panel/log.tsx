/**
 * What was done to this notebook's packages since the server started, newest first.
 */
import * as React from 'react';

import { isEnded } from '../model/jobs';
import { jobTitle } from '../status/progress';
import { age, escapeLine, capitalize } from '../status/text';
import type { Job } from '../model/wire';
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

/** A headline without the notebook's name before it: the panel is about one notebook. */
function withoutName(headline: string, path: string): string {
  const name = `${path.slice(path.lastIndexOf('/') + 1)}: `;
  return capitalize(headline.startsWith(name) ? headline.slice(name.length) : headline);
}

interface IEntryProps extends Pick<IPanelProps, 'trans'> {
  job: Job;
  requested: IPanelProps['model']['requestedNames'];
}

function Entry({ job, requested, trans }: IEntryProps): React.JSX.Element {
  const { outcome, failure } = job;
  const headline = failure
    ? job.state === 'cancelled'
      ? trans.__('Cancelled: %1', jobTitle(job, trans, requested))
      : escapeLine(capitalize(failure.message))
    : escapeLine(withoutName(outcome?.report.headline ?? '', job.path)) || jobTitle(job, trans, requested);
  const more = failure
    ? job.state === 'cancelled'
      ? []
      : [capitalize(failure.hint)]
    : [...(outcome?.report.lines ?? []), ...(outcome?.report.notes ?? [])];
  return (
    <li className="jp-Dep-entry" data-state={job.state}>
      <span>
        <InlineCode text={headline} />
      </span>{' '}
      <span className="jp-Dep-dim">{job.ended ? age(job.ended, trans) : ''}</span>
      {more.filter(Boolean).length > 0 && (
        <pre className="jp-Dep-lines">
          <InlineCode text={more.filter(Boolean).join('\n')} />
        </pre>
      )}
    </li>
  );
}
