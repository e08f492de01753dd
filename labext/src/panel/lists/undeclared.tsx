/**
 * The lists of what is not declared: what is imported all the same, and, folded, what comes with the declared.
 */
import * as React from 'react';

import { normalizeName } from '../../model/declaration/requirement';
import { escapeLine, size } from '../../status/text';
import type { Missing, Package } from '../../model/wire';
import type { IPanelProps } from '../context';
import { useRovingFocus } from './rovingFocus';
import { Cells, Filter, FIRST_ROWS, More, useList } from './rows';
import { TextButton } from '../buttons';

/** What the notebook imports and nothing provides. */
export function Undeclared({ model, actions, trans }: IPanelProps): React.JSX.Element | null {
  const declared = new Set((model.project?.declared ?? []).map(one => normalizeName(one.name)));
  const missing = (model.project?.missing ?? []).filter(one => !declared.has(normalizeName(one.name)));
  if (missing.length === 0) {
    return null;
  }
  const names = missing.map(one => one.name).filter(Boolean);
  return (
    <section className="jp-Dep-section" aria-labelledby="jp-Dep-missing">
      <div className="jp-Dep-line">
        <h3 id="jp-Dep-missing">{trans.__('Undeclared imports')}</h3>
        <span className="jp-Dep-count">{missing.length}</span>
        <span className="jp-Dep-fill" />
        {names.length > 1 && (
          <TextButton blocked={model.blockedReason} onClick={() => void actions.run(model, { kind: 'add', names })}>
            {trans.__('Add all')}
          </TextButton>
        )}
      </div>
      <ul className="jp-Dep-rows">
        {missing.slice(0, FIRST_ROWS).map(one => (
          <MissingRow key={one.module} one={one} model={model} actions={actions} trans={trans} />
        ))}
      </ul>
    </section>
  );
}

function MissingRow({
  one,
  model,
  actions,
  trans
}: Pick<IPanelProps, 'model' | 'actions' | 'trans'> & { one: Missing }): React.JSX.Element {
  const module = escapeLine(one.module, 80);
  return (
    <li className="jp-Dep-row">
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name">{module}</bdi>
        <span className="jp-Dep-fill" />
        {one.name ? (
          <TextButton
            blocked={model.blockedReason}
            label={trans.__('Add %1', escapeLine(one.name, 80))}
            onClick={() => void actions.run(model, { kind: 'add', names: [one.name] })}
          >
            {one.name === one.module ? trans.__('Add') : trans.__('Add %1', escapeLine(one.name, 80))}
          </TextButton>
        ) : (
          <span className="jp-Dep-dim">{trans.__('unknown package: search above')}</span>
        )}
      </div>
      <div className="jp-Dep-facts">
        <Cells cells={one.cells} model={model} trans={trans} tabIndex={0} />
      </div>
    </li>
  );
}

/** What nobody declared: it came with something. */
export function Transitive({ model, trans }: IPanelProps): React.JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  const rows = React.useMemo(() => (model.packages?.packages ?? []).filter(one => !one.declared), [model.packages]);
  const list = useList(rows);
  const roving = useRovingFocus(list.shown.length);
  if (rows.length === 0) {
    return null;
  }
  return (
    <details className="jp-Dep-section" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{trans.__('Dependencies of these')}</h3>
        <span className="jp-Dep-count">{rows.length}</span>
      </summary>
      {open && (
        <>
          <Filter list={list} trans={trans} />
          <ul className="jp-Dep-rows" onKeyDown={roving.onKeyDown} onFocus={roving.onFocus}>
            {list.shown.map((one, at) => (
              <TransitiveRow
                key={`${one.name} ${one.version}`}
                one={one}
                at={at}
                current={at === roving.current}
                newer={model.newer?.get(normalizeName(one.name))}
                trans={trans}
              />
            ))}
          </ul>
          <More list={list} trans={trans} />
        </>
      )}
    </details>
  );
}

interface ITransitiveRowProps {
  one: Package;
  at: number;
  current: boolean;
  newer: string | undefined;
  trans: IPanelProps['trans'];
}

const TransitiveRow = React.memo(function TransitiveRow({ one, at, current, newer, trans }: ITransitiveRowProps) {
  const named =
    one.via
      .slice(0, 3)
      .map(name => escapeLine(name, 60))
      .join(', ') + (one.via.length > 3 ? ', …' : '');
  const via = one.via.length > 0 ? trans.__('via %1', named) : one.kernel ? trans.__('required by the kernel') : '';
  return (
    <li className="jp-Dep-row" data-row={at} tabIndex={current ? 0 : -1}>
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name" title={escapeLine(one.summary)}>
          {escapeLine(one.name, 100)}
        </bdi>
        <span className="jp-Dep-fill" />
        <span className="jp-Dep-version">
          {escapeLine(one.version, 40)}
          {newer ? ` → ${escapeLine(newer, 40)}` : ''}
        </span>
      </div>
      <div className="jp-Dep-dim">{[via, size(one.size)].filter(Boolean).join(' · ')}</div>
    </li>
  );
});
