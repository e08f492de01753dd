/**
 * The list of what is declared: each requirement with its bound, what it is locked at, and what is newer.
 */
import * as React from 'react';

import { normalizeName } from '../../model/declaration/requirement';
import { TextButton } from '../buttons';
import type { IPanelProps } from '../context';
import { DeclaredRow } from './declaredRow';
import { declaredRows } from './declaredRows';
import { useRovingFocus } from './rovingFocus';
import { Filter, More, useList } from './rows';

export function Declared(part: IPanelProps): React.JSX.Element | null {
  const { model, actions, trans } = part;
  const { project, packages } = model;
  const rows = React.useMemo(() => declaredRows({ project, packages }), [project, packages]);
  const list = useList(rows);
  const roving = useRovingFocus(list.shown.length);
  if (!model.project || model.project.state === 'none') {
    return null;
  }
  return (
    <section className="jp-Dep-section" aria-labelledby="jp-Dep-declared">
      <div className="jp-Dep-line">
        <h3 id="jp-Dep-declared">{trans.__('Declared')}</h3>
        <span className="jp-Dep-count">{rows.length}</span>
        <span className="jp-Dep-fill" />
        <UpdateButton {...part} />
      </div>
      {rows.length === 0 && <p className="jp-Dep-dim">{trans.__('No packages yet. Search above to add one.')}</p>}
      <Filter list={list} trans={trans} />
      <ul className="jp-Dep-rows" onKeyDown={roving.onKeyDown} onFocus={roving.onFocus}>
        {list.shown.map((row, at) => (
          <DeclaredRow
            key={`${row.name} ${row.text}`}
            row={row}
            at={at}
            current={at === roving.current}
            blocked={model.blockedReason}
            newer={model.newer?.get(normalizeName(row.name))}
            model={model}
            actions={actions}
            trans={trans}
          />
        ))}
      </ul>
      <More list={list} trans={trans} />
    </section>
  );
}

/** Checks for updates; once some are known, takes them all. */
function UpdateButton({ model, actions, trans }: IPanelProps): React.JSX.Element {
  const { blockedReason, newer, project } = model;
  if (newer !== null && newer.size > 0) {
    return (
      <TextButton blocked={blockedReason} onClick={() => void actions.run(model, { kind: 'update' })}>
        {trans.__('Update all')}
      </TextButton>
    );
  }
  return (
    <TextButton
      blocked={blockedReason || (project?.lock ? '' : trans.__('Nothing has been locked yet.'))}
      onClick={() => void actions.run(model, { kind: 'outdated' })}
    >
      {newer === null ? trans.__('Check for updates') : trans.__('Up to date')}
    </TextButton>
  );
}
