/**
 * The search box: a list while one types, from names that the server knows locally; the configured index is queried for one
 * name only, after Enter or a click. It also takes a pasted `pip install …`.
 */
import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { normalizeName, splitRequirement } from '../../model/declaration/requirement';
import type { IPanelProps } from '../context';
import { DetailsCard, type IDetailsRequest } from './detailsCard';
import { HitList, InstallCard, LIST_ID, rowId } from './hitList';
import { parseInstallLine } from './installLine';
import { choose, type ISearchResult, useSearch } from './useSearch';

const LONGEST = 2000;

export function SearchBox(props: IPanelProps): React.JSX.Element {
  const { model, actions, trans } = props;
  const [text, setText] = React.useState('');
  const [active, setActive] = React.useState(-1);
  const [open, setOpen] = React.useState(false);
  const [note, setNote] = React.useState('');
  const [request, setRequest] = React.useState<IDetailsRequest | null>(null);
  /** Enter was pressed before the list came: which names are known is only clear with the list. */
  const enterPending = React.useRef(false);
  const input = React.useRef<HTMLInputElement>(null);
  const line = parseInstallLine(text);
  const words = line === null ? (splitRequirement(text)?.[0] ?? '') : '';

  const change = (typed: string): void => {
    enterPending.current = false;
    setText(typed);
    setActive(-1);
    setNote('');
    setRequest(null);
  };
  const reset = (): void => {
    change('');
    setOpen(false);
    input.current?.focus();
  };
  const add = async (names: ReadonlyArray<string>): Promise<void> => {
    if (model.blockedReason) {
      setNote(model.blockedReason);
      return;
    }
    reset();
    if (!(await actions.run(model, { kind: 'add', names }))) {
      // what was typed is there again, to be corrected
      setText(now => now || names.join(' '));
    }
  };
  const showDetails = (wanted: IDetailsRequest): void => {
    setOpen(false);
    setRequest(wanted);
  };
  const act = (found: ISearchResult): void => {
    const choice = choose(text, active, found);
    if (choice?.kind === 'add') {
      void add(choice.names);
    } else if (choice !== null) {
      showDetails(choice);
    }
  };
  const found = useSearch(props, words, result => {
    if (enterPending.current) {
      enterPending.current = false;
      act(result);
    }
  });
  const enter = (): void => {
    if (line === null) {
      enterPending.current = found.words !== words;
      if (!enterPending.current) {
        act(found);
      }
    } else if (line.requirements.length > 0) {
      void add(line.requirements);
    } else {
      setNote(trans.__('The line contains no package name.'));
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setOpen(true);
      setActive(now => move(now, step, found.hits.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      enter();
    } else if (event.key === 'Escape' && (text || request)) {
      event.stopPropagation();
      reset();
    }
  };
  const shown = open && line === null && found.hits.length > 0 && request === null;
  const picked = shown && active >= 0 ? rowId(active) : undefined;
  const declared = new Set((model.project?.declared ?? []).map(one => normalizeName(one.name)));
  const message = note || (found.words === words ? found.note : '');

  return (
    <div className="jp-Dep-search" role="search">
      <div className="jp-Dep-searchLine">
        <searchIcon.react tag="span" className="jp-Dep-searchIcon" width="16px" height="16px" />
        <input
          ref={input}
          className="jp-Dep-input"
          type="text"
          role="combobox"
          aria-expanded={shown}
          aria-controls={LIST_ID}
          aria-autocomplete="list"
          aria-activedescendant={picked}
          aria-label={trans.__('Search for a package to add, or paste a pip install command')}
          placeholder={trans.__('Add a package…')}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={event => {
            change(event.target.value.slice(0, LONGEST));
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
      </div>
      <HitList
        hits={found.hits}
        shown={shown}
        active={active}
        declared={declared}
        onPick={hit => showDetails({ name: hit.name, bound: '', near: hit.near })}
        trans={trans}
      />
      <div aria-live="polite">
        {line !== null && line.requirements.length > 0 && (
          <InstallCard line={line} onAdd={() => void add(line.requirements)} model={model} trans={trans} />
        )}
        {message && <p className="jp-Dep-dim">{message}</p>}
      </div>
      {request && (
        <DetailsCard
          key={request.name}
          {...props}
          request={request}
          declared={declared.has(normalizeName(request.name))}
          onAdd={requirement => void add([requirement])}
          onLeave={reset}
        />
      )}
    </div>
  );
}

/** The next row, around the ends, with -1 for the box itself between them. */
function move(now: number, step: number, count: number): number {
  return count === 0 ? -1 : ((now + step + 1 + (count + 1)) % (count + 1)) - 1;
}
