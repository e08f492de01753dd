/**
 * What the configured index says of one name, before it is added.
 */
import * as React from 'react';

import { problemOf } from '../../model/client/problems';
import { escapeLine, capitalize, size } from '../../status/text';
import type { Details, Problem } from '../../model/wire';
import { InlineCode } from '../../ui/inlineCode';
import type { IPanelProps } from '../context';
import { TextButton } from '../buttons';

/** The name that was picked or typed, what was typed behind it, and the popular name that it could be mistaken for. */
export interface IAsked {
  readonly name: string;
  readonly bound: string;
  readonly near: string;
}

export interface IDetailsCardProps extends IPanelProps {
  asked: IAsked;
  declared: boolean;
  onAdd: (requirement: string) => void;
  onLeave: () => void;
}

export function DetailsCard({ asked, declared, onAdd, onLeave, model, client, trans }: IDetailsCardProps): React.JSX.Element {
  const [details, setDetails] = React.useState<Details | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [bound, setBound] = React.useState(asked.bound);
  const add = React.useRef<HTMLDivElement>(null);
  const { path } = model;
  React.useEffect(() => {
    let wanted = true;
    client.details(asked.name, path).then(
      found => wanted && setDetails(found),
      error => wanted && setProblem(problemOf(error))
    );
    return () => {
      wanted = false;
    };
  }, [client, asked.name, path]);
  React.useEffect(() => {
    if (details) {
      add.current?.querySelector('button')?.focus();
    }
  }, [details]);
  const near = details?.near || asked.near;
  const name = escapeLine(asked.name, 80);
  return (
    <section
      className="jp-Dep-card"
      aria-label={trans.__('About %1', name)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onLeave();
        }
      }}
    >
      <h3>
        <bdi>{name}</bdi>
      </h3>
      <div aria-live="polite">
        {!details && !problem && <p className="jp-Dep-dim">{trans.__('Querying the index…')}</p>}
        {problem && (
          <p className="jp-Dep-wrong">
            <InlineCode text={capitalize(problem.message)} /> <InlineCode text={capitalize(problem.hint)} />
          </p>
        )}
        {near && (
          <p className="jp-Dep-wrong">
            {trans.__('The name is one letter from the well-known package “%1”. Did you mean that one?', escapeLine(near, 60))}
          </p>
        )}
        {details && (
          <>
            {details.summary && <p>{escapeLine(details.summary)}</p>}
            <p className="jp-Dep-dim">
              {[
                details.versions[0] ? trans.__('newest %1', escapeLine(details.versions[0], 40)) : '',
                details.requires_python ? `Python ${escapeLine(details.requires_python, 40)}` : '',
                size(details.size)
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </>
        )}
      </div>
      <div className="jp-Dep-line" ref={add}>
        {details && (
          <TextButton accept blocked={model.blockedReason} onClick={() => onAdd(`${details.name}${bound}`)}>
            {declared ? trans.__('Change') : trans.__('Add')}
          </TextButton>
        )}
        {details && details.versions.length > 0 && (
          <select
            className="jp-Dep-select"
            aria-label={trans.__('Version of %1', name)}
            value={bound}
            onChange={event => setBound(event.target.value)}
          >
            <option value="">{trans.__('any version')}</option>
            {asked.bound && <option value={asked.bound}>{escapeLine(asked.bound, 40)}</option>}
            {details.versions.map(version => (
              <option key={version} value={`==${version}`}>
                {`== ${escapeLine(version, 40)}`}
              </option>
            ))}
          </select>
        )}
        <span className="jp-Dep-fill" />
        <TextButton onClick={onLeave}>{trans.__('Close')}</TextButton>
      </div>
    </section>
  );
}
