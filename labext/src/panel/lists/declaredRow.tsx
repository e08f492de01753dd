/**
 * One declared package: its bound, the locked version, a newer one, and what uses it.
 */
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { splitRequirement } from '../../model/declaration/requirement';
import { escapeLine, size } from '../../status/text';
import { IconButton } from '../buttons';
import type { IPanelProps } from '../context';
import { BoundInput } from './boundInput';
import type { IDeclaredRow } from './declaredRows';
import { Cells } from './rows';

export interface IDeclaredRowProps extends Pick<IPanelProps, 'model' | 'actions' | 'trans'> {
  row: IDeclaredRow;
  at: number;
  current: boolean;
  blocked: string;
  newer: string | undefined;
}

/** Memoized: progress arrives many times a second, and there may be hundreds of rows. */
export const DeclaredRow = React.memo(function DeclaredRow(props: IDeclaredRowProps) {
  const { row, at, current, blocked, model, actions, trans } = props;
  const [editing, setEditing] = React.useState(false);
  const self = React.useRef<HTMLLIElement>(null);
  const name = escapeLine(row.name, 100);
  const unused = row.found?.unused ?? false;
  const tabIndex = current ? 0 : -1;
  const leave = (): void => {
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
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const action = { Enter: () => setEditing(true), F2: () => setEditing(true), Delete: remove }[event.key];
    if (action && event.target === event.currentTarget && !blocked) {
      event.preventDefault();
      action();
    }
  };
  return (
    <li
      ref={self}
      className="jp-Dep-row"
      data-row={at}
      data-unused={unused}
      tabIndex={tabIndex}
      aria-keyshortcuts="Enter Delete"
      aria-label={labelOf(props)}
      onKeyDown={onKeyDown}
    >
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name" title={escapeLine(row.found?.summary ?? '') || name}>
          {name}
        </bdi>
        {editing ? (
          <BoundInput row={row} model={model} actions={actions} trans={trans} onDone={leave} />
        ) : (
          <Bound {...props} onEdit={() => setEditing(true)} />
        )}
        <span className="jp-Dep-fill" />
        <span className="jp-Dep-version">{escapeLine(row.version, 40) || '—'}</span>
        <Newer {...props} />
        <IconButton
          icon={closeIcon}
          label={trans.__('Remove %1', name)}
          blocked={blocked}
          tabIndex={tabIndex}
          onClick={remove}
        />
      </div>
      <div className="jp-Dep-facts">
        {row.found && row.found.size > 0 && <span>{size(row.found.size)}</span>}
        {unused && <span>{trans.__('not imported')}</span>}
        <Cells cells={row.found?.cells ?? []} model={model} trans={trans} tabIndex={tabIndex} />
      </div>
    </li>
  );
});

/** The button that shows the bound, and turns into the field that edits it. */
function Bound({ row, current, blocked, trans, onEdit }: IDeclaredRowProps & { onEdit: () => void }): React.JSX.Element {
  const bound = boundOf(row);
  const label = trans.__('Change the version of %1: %2', escapeLine(row.name, 100), bound || trans.__('any version'));
  return (
    <button
      type="button"
      className="jp-Dep-bound"
      tabIndex={current ? 0 : -1}
      aria-disabled={blocked !== ''}
      aria-label={label}
      title={blocked || trans.__('Change the version')}
      onClick={() => blocked || onEdit()}
    >
      {bound || trans.__('any')}
    </button>
  );
}

/** The button that updates to a newer version, where one is known. */
function Newer({ row, current, blocked, newer, model, actions, trans }: IDeclaredRowProps): React.JSX.Element | null {
  if (!newer) {
    return null;
  }
  const version = escapeLine(newer, 40);
  return (
    <button
      type="button"
      className="jp-Dep-newer"
      tabIndex={current ? 0 : -1}
      aria-disabled={blocked !== ''}
      aria-label={trans.__('Update %1 to %2', escapeLine(row.name, 100), version)}
      title={blocked || trans.__('Update to %1', version)}
      onClick={() => blocked || void actions.run(model, { kind: 'update', names: [row.name] })}
    >
      → {version}
    </button>
  );
}

function boundOf(row: IDeclaredRow): string {
  return escapeLine(splitRequirement(row.text)?.[1] ?? '', 80);
}

/** The row in one sentence, for screen readers. */
function labelOf({ row, newer, trans }: IDeclaredRowProps): string {
  return [
    escapeLine(row.name, 100),
    boundOf(row) || trans.__('any version'),
    row.version ? trans.__('locked at %1', escapeLine(row.version, 40)) : trans.__('not locked'),
    newer ? trans.__('%1 is newer', escapeLine(newer, 40)) : '',
    row.found?.unused ? trans.__('not imported') : ''
  ]
    .filter(Boolean)
    .join(', ');
}
