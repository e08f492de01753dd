/**
 * One banner, the one that matters most, and the work that runs.
 */
import * as React from 'react';

import { factsOf } from '../status/status';
import { isEnded } from '../model/jobs';
import { jobTitle, fraction } from '../status/progress';
import { banner } from '../status/banner';
import { escapeLine, capitalize } from '../status/text';
import { InlineCode } from '../ui/inlineCode';
import type { IPanelProps } from './context';
import { TextButton } from './buttons';

export function Banner({ model, client, actions, trans }: IPanelProps): React.JSX.Element {
  const shown = banner(factsOf(model, client), trans);
  const needs = new Set(['lock', 'sync', 'init']);
  return (
    <div aria-live="polite">
      {shown && (
        <section className="jp-Dep-banner" data-tone={shown.tone} data-banner={shown.name}>
          <p className="jp-Dep-bannerText">
            <InlineCode text={shown.text} />
          </p>
          {shown.detail && (
            <p className="jp-Dep-bannerDetail">
              <InlineCode text={shown.detail} />
            </p>
          )}
          {shown.actions.map(({ action, label }, at) => (
            <TextButton
              key={action}
              accept={at === 0 && action !== 'dismiss'}
              blocked={needs.has(action) ? model.blockedReason : ''}
              onClick={() => void actions.perform(model, action)}
            >
              {label}
            </TextButton>
          ))}
        </section>
      )}
    </div>
  );
}

/** A job of the server, or the build that the kernel waits for. */
export function Work({ model, actions, trans }: IPanelProps): React.JSX.Element | null {
  const { active, holding } = model;
  const building = active === null && holding?.state === 'building' ? holding : null;
  if (active === null && building === null) {
    return null;
  }
  const title = active
    ? jobTitle(active, trans, model.requestedNames)
    : escapeLine(capitalize(building!.headline)) || trans.__('Building the environment');
  const progress = active ? active.progress : building!.progress;
  const done = fraction(progress);
  return (
    <section className="jp-Dep-work" aria-label={trans.__('Running job')}>
      <div className="jp-Dep-line">
        <strong aria-live="polite">{title}</strong>
        {active && !isEnded(active) && (
          <TextButton onClick={() => void actions.perform(model, 'cancel')} label={trans.__('Cancel: %1', title)}>
            {trans.__('Cancel')}
          </TextButton>
        )}
        {building && (
          <TextButton
            onClick={() => void model.notebook.sessionContext.session?.kernel?.interrupt()}
            label={trans.__('Cancel: %1', title)}
          >
            {trans.__('Cancel')}
          </TextButton>
        )}
      </div>
      <div
        className="jp-Dep-bar"
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(done === null ? {} : { 'aria-valuenow': Math.round(done * 100) })}
        data-unknown={done === null}
      >
        <span style={{ width: done === null ? undefined : `${done * 100}%` }} />
      </div>
      <p className="jp-Dep-dim">
        {escapeLine(progress?.text ?? '', 160)}
        {building && building.kept > 0 ? ` ${trans._n('%1 cell waits.', '%1 cells wait.', building.kept)}` : ''}
      </p>
    </section>
  );
}
