/**
 * What the configured index says of one package, before it is added.
 */
import * as React from 'react';

import { problemOf } from '../../model/client/problems';
import type { Details, Problem } from '../../model/wire';
import { capitalize, escapeLine, size } from '../../status/text';
import { InlineCode } from '../../ui/inlineCode';
import { TextButton } from '../buttons';
import type { IPanelProps } from '../context';

/** The name that was picked or typed, what was typed behind it, and the popular name that it could be mistaken for. */
export interface IDetailsRequest {
  readonly name: string;
  readonly bound: string;
  readonly near: string;
}

export interface IDetailsCardProps extends IPanelProps {
  request: IDetailsRequest;
  declared: boolean;
  onAdd: (requirement: string) => void;
  onLeave: () => void;
}

export function DetailsCard(props: IDetailsCardProps): React.JSX.Element {
  const { request, declared, onAdd, onLeave, model, trans } = props;
  const { details, problem } = useDetails(props);
  const [bound, setBound] = React.useState(request.bound);
  const add = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (details) {
      add.current?.querySelector('button')?.focus();
    }
  }, [details]);
  const near = details?.near || request.near;
  const name = escapeLine(request.name, 80);
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
        {details && <Summary details={details} trans={trans} />}
      </div>
      <div className="jp-Dep-line" ref={add}>
        {details && (
          <>
            <TextButton accept blocked={model.blockedReason} onClick={() => onAdd(`${details.name}${bound}`)}>
              {declared ? trans.__('Change') : trans.__('Add')}
            </TextButton>
            {details.versions.length > 0 && (
              <select
                className="jp-Dep-select"
                aria-label={trans.__('Version of %1', name)}
                value={bound}
                onChange={event => setBound(event.target.value)}
              >
                <option value="">{trans.__('any version')}</option>
                {request.bound && <option value={request.bound}>{escapeLine(request.bound, 40)}</option>}
                {details.versions.map(version => (
                  <option key={version} value={`==${version}`}>
                    {`== ${escapeLine(version, 40)}`}
                  </option>
                ))}
              </select>
            )}
          </>
        )}
        <span className="jp-Dep-fill" />
        <TextButton onClick={onLeave}>{trans.__('Close')}</TextButton>
      </div>
    </section>
  );
}

function useDetails({ request, client, model }: IDetailsCardProps): { details: Details | null; problem: Problem | null } {
  const [details, setDetails] = React.useState<Details | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const { path } = model;
  React.useEffect(() => {
    let wanted = true;
    client.details(request.name, path).then(
      found => wanted && setDetails(found),
      error => wanted && setProblem(problemOf(error))
    );
    return () => {
      wanted = false;
    };
  }, [client, request.name, path]);
  return { details, problem };
}

function Summary({ details, trans }: { details: Details; trans: IPanelProps['trans'] }): React.JSX.Element {
  const facts = [
    details.versions[0] ? trans.__('newest %1', escapeLine(details.versions[0], 40)) : '',
    details.requires_python ? `Python ${escapeLine(details.requires_python, 40)}` : '',
    size(details.size)
  ];
  return (
    <>
      {details.summary && <p>{escapeLine(details.summary)}</p>}
      <p className="jp-Dep-dim">{facts.filter(Boolean).join(' · ')}</p>
    </>
  );
}
