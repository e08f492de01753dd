/**
 * The list of what is declared: each requirement with its bound, what it is locked at, and what is newer.
 */
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { splitRequirement, normalizeName } from '../../model/declaration/requirement';
import { escapeLine, size } from '../../status/text';
import type { INotebookProject } from '../../model/tokens';
import type { Package } from '../../model/wire';
import type { IPanelProps } from '../context';
import { useRovingFocus } from './rovingFocus';
import { Cells, Filter, More, useList } from './rows';
import { IconButton, TextButton } from '../buttons';

/** What a declared row shows: the declaration, and the locked package that answers it, if one does. */
export interface IDeclaredRow {
  readonly name: string;
  readonly text: string;
  readonly version: string;
  readonly found: Package | null;
}

/** The declared requirements in the order of their names; before the packages are read, with what the project tells. */
export function declaredRows(model: Pick<INotebookProject, 'project' | 'packages'>): IDeclaredRow[] {
  const byName = new Map((model.packages?.packages ?? []).map(one => [normalizeName(one.name), one]));
  return (model.project?.declared ?? []).map(one => ({
    name: one.name,
    text: one.text,
    version: one.locked,
    found: byName.get(normalizeName(one.name)) ?? null
  }));
}

export function Declared(part: IPanelProps): React.JSX.Element | null {
  const { model, actions, trans } = part;
  const { project, packages } = model;
  const rows = React.useMemo(() => declaredRows({ project, packages }), [project, packages]);
  const list = useList(rows);
  const roving = useRovingFocus(list.shown.length);
  if (!model.project || model.project.state === 'none') {
    return null;
  }
  const outdated = model.newer === null ? [] : rows.filter(row => model.newer!.has(normalizeName(row.name)));
  const canCheck = model.blockedReason || (model.project.lock ? '' : trans.__('Nothing has been locked yet.'));
  return (
    <section className="jp-Dep-section" aria-labelledby="jp-Dep-declared">
      <div className="jp-Dep-line">
        <h3 id="jp-Dep-declared">{trans.__('Declared')}</h3>
        <span className="jp-Dep-count">{rows.length}</span>
        <span className="jp-Dep-fill" />
        {outdated.length > 0 || (model.newer !== null && model.newer.size > 0) ? (
          <TextButton blocked={model.blockedReason} onClick={() => void actions.run(model, { kind: 'update' })}>
            {trans.__('Update all')}
          </TextButton>
        ) : (
          <TextButton blocked={canCheck} onClick={() => void actions.run(model, { kind: 'outdated' })}>
            {model.newer === null ? trans.__('Check for updates') : trans.__('Up to date')}
          </TextButton>
        )}
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

interface IDeclaredRowProps extends Pick<IPanelProps, 'model' | 'actions' | 'trans'> {
  row: IDeclaredRow;
  at: number;
  current: boolean;
  blocked: string;
  newer: string | undefined;
}

/** Renders for itself alone: progress goes by many times a second, and there may be hundreds of these. */
const DeclaredRow = React.memo(function DeclaredRow({
  row,
  at,
  current,
  blocked,
  newer,
  model,
  actions,
  trans
}: IDeclaredRowProps) {
  const [editing, setEditing] = React.useState(false);
  const self = React.useRef<HTMLLIElement>(null);
  const bound = escapeLine(splitRequirement(row.text)?.[1] ?? '', 80);
  const name = escapeLine(row.name, 100);
  const unused = row.found?.unused ?? false;
  const tab = current ? 0 : -1;
  const done = (): void => {
    setEditing(false);
    self.current?.focus();
  };
  const remove = (): void => {
    const next = self.current?.nextElementSibling ?? self.current?.previousElementSibling;
    if (next instanceof HTMLElement) {
      next.focus();
    }
    void actions.run(model, { kind: 'remove', names: [row.name] });
  };
  const cells = row.found?.cells ?? [];
  return (
    <li
      ref={self}
      className="jp-Dep-row"
      data-row={at}
      data-unused={unused}
      tabIndex={tab}
      aria-keyshortcuts="Enter Delete"
      aria-label={[
        name,
        bound || trans.__('any version'),
        row.version ? trans.__('locked at %1', escapeLine(row.version, 40)) : trans.__('not locked'),
        newer ? trans.__('%1 is newer', escapeLine(newer, 40)) : '',
        unused ? trans.__('not imported') : ''
      ]
        .filter(Boolean)
        .join(', ')}
      onKeyDown={event => {
        if (event.target !== event.currentTarget || blocked) {
          return;
        }
        if (event.key === 'Enter' || event.key === 'F2') {
          event.preventDefault();
          setEditing(true);
        } else if (event.key === 'Delete') {
          event.preventDefault();
          remove();
        }
      }}
    >
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name" title={escapeLine(row.found?.summary ?? '') || name}>
          {name}
        </bdi>
        {editing ? (
          <BoundInput row={row} model={model} actions={actions} trans={trans} onDone={done} />
        ) : (
          <button
            type="button"
            className="jp-Dep-bound"
            tabIndex={tab}
            aria-disabled={blocked !== ''}
            aria-label={trans.__('Change the version of %1: %2', name, bound || trans.__('any version'))}
            title={blocked || trans.__('Change the version')}
            onClick={() => blocked || setEditing(true)}
          >
            {bound || trans.__('any')}
          </button>
        )}
        <span className="jp-Dep-fill" />
        <span className="jp-Dep-version">{escapeLine(row.version, 40) || '—'}</span>
        {newer && (
          <button
            type="button"
            className="jp-Dep-newer"
            tabIndex={tab}
            aria-disabled={blocked !== ''}
            aria-label={trans.__('Update %1 to %2', name, escapeLine(newer, 40))}
            title={blocked || trans.__('Update to %1', escapeLine(newer, 40))}
            onClick={() => blocked || void actions.run(model, { kind: 'update', names: [row.name] })}
          >
            → {escapeLine(newer, 40)}
          </button>
        )}
        <IconButton icon={closeIcon} label={trans.__('Remove %1', name)} blocked={blocked} tabIndex={tab} onClick={remove} />
      </div>
      <div className="jp-Dep-facts">
        {row.found && row.found.size > 0 && <span>{size(row.found.size)}</span>}
        {unused && <span>{trans.__('not imported')}</span>}
        <Cells cells={cells} model={model} trans={trans} tabIndex={tab} />
      </div>
    </li>
  );
});

interface IBoundInputProps extends Pick<IPanelProps, 'model' | 'actions' | 'trans'> {
  row: IDeclaredRow;
  onDone: () => void;
}

function BoundInput({ row, model, actions, trans, onDone }: IBoundInputProps): React.JSX.Element {
  const before = splitRequirement(row.text)?.[1] ?? '';
  const [text, setText] = React.useState(before);
  const [wrong, setWrong] = React.useState('');
  const left = React.useRef(false);
  const leave = (): void => {
    if (!left.current) {
      left.current = true;
      onDone();
    }
  };
  const apply = (): void => {
    const bound = text.trim();
    if (bound === before) {
      leave();
    } else if (bound === '') {
      setWrong(trans.__('To allow any version, remove the package and add it again.'));
    } else if (model.blockedReason) {
      setWrong(model.blockedReason);
    } else {
      leave();
      const spelled = /^[\d]/.test(bound) ? `==${bound}` : bound;
      void actions.run(model, { kind: 'add', names: [`${row.name}${spelled}`] });
    }
  };
  return (
    <span className="jp-Dep-editing">
      <input
        className="jp-Dep-input"
        autoFocus
        value={text}
        placeholder=">=2, <3"
        spellCheck={false}
        aria-label={trans.__('Version of %1', escapeLine(row.name, 100))}
        aria-invalid={wrong !== ''}
        aria-errormessage={wrong ? 'jp-Dep-wrong' : undefined}
        onChange={event => setText(event.target.value)}
        onBlur={leave}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Enter') {
            event.preventDefault();
            apply();
          } else if (event.key === 'Escape') {
            leave();
          }
        }}
      />
      {wrong && (
        <span id="jp-Dep-wrong" role="alert" className="jp-Dep-wrong">
          {wrong}
        </span>
      )}
    </span>
  );
}
