/**
 * The lists: what is declared, what is imported but not declared, and, folded, what comes with it.
 */
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { nameAndBound, normal } from '../installline';
import { plain, size } from '../text';
import type { INotebookProject } from '../tokens';
import type { Missing, Package } from '../wire';
import type { IPart } from './context';
import { useRoving } from './roving';
import { ToolButton, WordButton } from './toolbutton';

/** How many rows a list shows, and how many more when asked: a panel of 2,000 has to open as fast as one of 20. */
const FIRST_ROWS = 100;
const MORE_ROWS = 200;
/** From this many rows on, a list can be filtered. */
const FILTERED = 30;
const MOST_CELLS = 6;

/** What a declared row shows: the declaration, and the locked package that answers it, if one does. */
export interface IDeclaredRow {
  readonly name: string;
  readonly text: string;
  readonly version: string;
  readonly found: Package | null;
}

/** The declared requirements in the order of their names; before the packages are read, with what the project tells. */
export function declaredRows(model: Pick<INotebookProject, 'project' | 'packages'>): IDeclaredRow[] {
  const byName = new Map((model.packages?.packages ?? []).map(one => [normal(one.name), one]));
  return (model.project?.declared ?? []).map(one => ({
    name: one.name,
    text: one.text,
    version: one.locked,
    found: byName.get(normal(one.name)) ?? null
  }));
}

export function Declared(part: IPart): React.JSX.Element | null {
  const { model, actions, trans } = part;
  const { project, packages } = model;
  const rows = React.useMemo(() => declaredRows({ project, packages }), [project, packages]);
  const list = useList(rows);
  const roving = useRoving(list.shown.length);
  if (!model.project || model.project.state === 'none') {
    return null;
  }
  const outdated = model.newer === null ? [] : rows.filter(row => model.newer!.has(normal(row.name)));
  const canCheck = model.locked || (model.project.lock ? '' : trans.__('Nothing is locked yet.'));
  return (
    <section className="jp-Dep-section" aria-labelledby="jp-Dep-declared">
      <div className="jp-Dep-line">
        <h3 id="jp-Dep-declared">{trans.__('Declared')}</h3>
        <span className="jp-Dep-count">{rows.length}</span>
        <span className="jp-Dep-fill" />
        {outdated.length > 0 || (model.newer !== null && model.newer.size > 0) ? (
          <WordButton blocked={model.locked} onClick={() => void actions.run(model, { kind: 'update' })}>
            {trans.__('Update all')}
          </WordButton>
        ) : (
          <WordButton blocked={canCheck} onClick={() => void actions.run(model, { kind: 'outdated' })}>
            {model.newer === null ? trans.__('Check for updates') : trans.__('Up to date')}
          </WordButton>
        )}
      </div>
      {rows.length === 0 && <p className="jp-Dep-dim">{trans.__('Nothing yet. Search above to add a package.')}</p>}
      <Filter list={list} trans={trans} />
      <ul className="jp-Dep-rows" onKeyDown={roving.onKeyDown} onFocus={roving.onFocus}>
        {list.shown.map((row, at) => (
          <DeclaredRow
            key={`${row.name} ${row.text}`}
            row={row}
            at={at}
            current={at === roving.current}
            blocked={model.locked}
            newer={model.newer?.get(normal(row.name))}
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

/** What a list shows of its rows now. */
interface IList<T> {
  readonly total: number;
  readonly found: number;
  readonly shown: ReadonlyArray<T>;
  readonly words: string;
  readonly setWords: (words: string) => void;
  readonly more: () => void;
}

function useList<T extends { readonly name: string }>(rows: ReadonlyArray<T>): IList<T> {
  const [words, setWords] = React.useState('');
  const [most, setMost] = React.useState(FIRST_ROWS);
  const wanted = normal(words.trim());
  const found = React.useMemo(() => (wanted ? rows.filter(row => normal(row.name).includes(wanted)) : rows), [rows, wanted]);
  const shown = React.useMemo(() => found.slice(0, most), [found, most]);
  return { total: rows.length, found: found.length, shown, words, setWords, more: () => setMost(most + MORE_ROWS) };
}

function Filter({ list, trans }: { list: IList<unknown>; trans: IPart['trans'] }): React.JSX.Element | null {
  if (list.total < FILTERED) {
    return null;
  }
  return (
    <input
      className="jp-Dep-input jp-Dep-filter"
      type="text"
      spellCheck={false}
      placeholder={trans.__('Filter')}
      aria-label={trans.__('Filter this list')}
      value={list.words}
      onChange={event => list.setWords(event.target.value)}
    />
  );
}

function More({ list, trans }: { list: IList<unknown>; trans: IPart['trans'] }): React.JSX.Element | null {
  const left = list.found - list.shown.length;
  return left > 0 ? (
    <WordButton onClick={list.more}>
      {trans.__('Show %1 more of %2', String(Math.min(left, MORE_ROWS)), String(left))}
    </WordButton>
  ) : null;
}

interface IDeclaredRowProps extends Pick<IPart, 'model' | 'actions' | 'trans'> {
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
  const bound = plain(nameAndBound(row.text)?.[1] ?? '', 80);
  const name = plain(row.name, 100);
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
        row.version ? trans.__('locked at %1', plain(row.version, 40)) : trans.__('not locked'),
        newer ? trans.__('%1 is newer', plain(newer, 40)) : '',
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
        <bdi className="jp-Dep-name" title={plain(row.found?.summary ?? '') || name}>
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
            aria-label={trans.__('Change the bound of %1: %2', name, bound || trans.__('any version'))}
            title={blocked || trans.__('Change the bound')}
            onClick={() => blocked || setEditing(true)}
          >
            {bound || trans.__('any')}
          </button>
        )}
        <span className="jp-Dep-fill" />
        <span className="jp-Dep-version">{plain(row.version, 40) || '—'}</span>
        {newer && (
          <button
            type="button"
            className="jp-Dep-newer"
            tabIndex={tab}
            aria-disabled={blocked !== ''}
            aria-label={trans.__('Update %1 to %2', name, plain(newer, 40))}
            title={blocked || trans.__('Update to %1', plain(newer, 40))}
            onClick={() => blocked || void actions.run(model, { kind: 'update', names: [row.name] })}
          >
            → {plain(newer, 40)}
          </button>
        )}
        <ToolButton icon={closeIcon} label={trans.__('Remove %1', name)} blocked={blocked} tabIndex={tab} onClick={remove} />
      </div>
      <div className="jp-Dep-facts">
        {row.found && row.found.size > 0 && <span>{size(row.found.size)}</span>}
        {unused && <span>{trans.__('not imported')}</span>}
        <Cells cells={cells} model={model} trans={trans} tabIndex={tab} />
      </div>
    </li>
  );
});

interface IBoundInputProps extends Pick<IPart, 'model' | 'actions' | 'trans'> {
  row: IDeclaredRow;
  onDone: () => void;
}

function BoundInput({ row, model, actions, trans, onDone }: IBoundInputProps): React.JSX.Element {
  const before = nameAndBound(row.text)?.[1] ?? '';
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
    } else if (model.locked) {
      setWrong(model.locked);
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
        aria-label={trans.__('Bound of %1', plain(row.name, 100))}
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

/** The cells that import something, counted from 1, as links to them. */
function Cells({
  cells,
  model,
  trans,
  tabIndex
}: Pick<IPart, 'model' | 'trans'> & { cells: ReadonlyArray<number>; tabIndex: number }): React.JSX.Element {
  return (
    <>
      {cells.slice(0, MOST_CELLS).map(at => (
        <button
          key={at}
          type="button"
          className="jp-Dep-link"
          tabIndex={tabIndex}
          aria-label={trans.__('Go to cell %1', String(at + 1))}
          onClick={() => goTo(model, at)}
        >
          {trans.__('cell %1', String(at + 1))}
        </button>
      ))}
      {cells.length > MOST_CELLS && <span>…</span>}
    </>
  );
}

function goTo({ notebook }: INotebookProject, at: number): void {
  const { content } = notebook;
  content.activeCellIndex = at;
  if (content.activeCell) {
    void content.scrollToCell(content.activeCell);
  }
}

/** What the notebook imports and nothing provides. */
export function Undeclared({ model, actions, trans }: IPart): React.JSX.Element | null {
  const declared = new Set((model.project?.declared ?? []).map(one => normal(one.name)));
  const missing = (model.project?.missing ?? []).filter(one => !declared.has(normal(one.name)));
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
          <WordButton blocked={model.locked} onClick={() => void actions.run(model, { kind: 'add', names })}>
            {trans.__('Add all')}
          </WordButton>
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
}: Pick<IPart, 'model' | 'actions' | 'trans'> & { one: Missing }): React.JSX.Element {
  const module = plain(one.module, 80);
  return (
    <li className="jp-Dep-row">
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name">{module}</bdi>
        <span className="jp-Dep-fill" />
        {one.name ? (
          <WordButton
            blocked={model.locked}
            label={trans.__('Add %1', plain(one.name, 80))}
            onClick={() => void actions.run(model, { kind: 'add', names: [one.name] })}
          >
            {one.name === one.module ? trans.__('Add') : trans.__('Add %1', plain(one.name, 80))}
          </WordButton>
        ) : (
          <span className="jp-Dep-dim">{trans.__('package unknown: search above')}</span>
        )}
      </div>
      <div className="jp-Dep-facts">
        <Cells cells={one.cells} model={model} trans={trans} tabIndex={0} />
      </div>
    </li>
  );
}

/** What nobody declared: it came with something. */
export function Transitive({ model, trans }: IPart): React.JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  const rows = React.useMemo(() => (model.packages?.packages ?? []).filter(one => !one.declared), [model.packages]);
  const list = useList(rows);
  const roving = useRoving(list.shown.length);
  if (rows.length === 0) {
    return null;
  }
  return (
    <details className="jp-Dep-section" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{trans.__('Came with them')}</h3>
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
                newer={model.newer?.get(normal(one.name))}
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
  trans: IPart['trans'];
}

const TransitiveRow = React.memo(function TransitiveRow({ one, at, current, newer, trans }: ITransitiveRowProps) {
  const named =
    one.via
      .slice(0, 3)
      .map(name => plain(name, 60))
      .join(', ') + (one.via.length > 3 ? ', …' : '');
  const via = one.via.length > 0 ? trans.__('via %1', named) : one.kernel ? trans.__('for the kernel') : '';
  return (
    <li className="jp-Dep-row" data-row={at} tabIndex={current ? 0 : -1}>
      <div className="jp-Dep-line">
        <bdi className="jp-Dep-name" title={plain(one.summary)}>
          {plain(one.name, 100)}
        </bdi>
        <span className="jp-Dep-fill" />
        <span className="jp-Dep-version">
          {plain(one.version, 40)}
          {newer ? ` → ${plain(newer, 40)}` : ''}
        </span>
      </div>
      <div className="jp-Dep-dim">{[via, size(one.size)].filter(Boolean).join(' · ')}</div>
    </li>
  );
});
