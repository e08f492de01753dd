/**
 * The search box: a list while somebody types, from what is known here; the configured index is asked for one name only, after
 * Enter or a click. It also takes a pasted `pip install …`.
 */
import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { normalizeName, splitRequirement } from '../../model/declaration/requirement';
import { parseInstallLine } from './installLine';
import { problemOf } from '../../model/client/problems';
import { escapeLine, capitalize } from '../../status/text';
import type { Hit } from '../../model/wire';
import type { IPanelProps } from '../context';
import { DetailsCard, type IAsked } from './detailsCard';
import { TextButton } from '../buttons';

const LIMIT = 8;
/** Enough for fast typists to ask once a word, too short to be felt. */
const PAUSE = 60;

export function SearchBox(part: IPanelProps): React.JSX.Element {
  const { model, client, actions, trans } = part;
  const [text, setText] = React.useState('');
  const [hits, setHits] = React.useState<ReadonlyArray<Hit>>([]);
  const [active, setActive] = React.useState(-1);
  const [open, setOpen] = React.useState(false);
  const [note, setNote] = React.useState('');
  const [near, setNear] = React.useState('');
  const [asked, setAsked] = React.useState<IAsked | null>(null);
  /** The words whose list has come. */
  const [listed, setListed] = React.useState('');
  /** Enter was pressed before the list had come: until then nobody can tell what is known from what is not. */
  const hurried = React.useRef(false);
  const input = React.useRef<HTMLInputElement>(null);
  const { path } = model;
  const line = parseInstallLine(text);
  const ignored = line === null ? [] : [...line.others, ...line.options];
  const words = line === null ? (splitRequirement(text)?.[0] ?? '') : '';

  React.useEffect(() => {
    setActive(-1);
    setNear('');
    hurried.current = false;
    if (words === '') {
      setHits([]);
      setListed('');
      return;
    }
    let wanted = true;
    const timer = setTimeout(() => {
      client
        .search(words, path, LIMIT)
        .then(
          found => {
            if (wanted) {
              setHits(found.hits);
              setNear(found.near);
              setNote(found.hits.length ? '' : trans.__('Not a known package. Press Enter to look it up in the index.'));
            }
          },
          error => {
            if (wanted) {
              setHits([]);
              setNote(escapeLine(capitalize(problemOf(error).message)));
            }
          }
        )
        .finally(() => wanted && setListed(words));
    }, PAUSE);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [client, path, words, trans]);

  React.useEffect(() => {
    if (hurried.current && listed === words) {
      hurried.current = false;
      enter();
    }
  });

  const declared = new Set((model.project?.declared ?? []).map(one => normalizeName(one.name)));
  const reset = (): void => {
    setText('');
    setHits([]);
    setOpen(false);
    setNote('');
    setAsked(null);
    hurried.current = false;
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
  const ask = (name: string, bound: string, near: string): void => {
    setOpen(false);
    setAsked({ name, bound, near });
  };
  /** Enter: what is well known, or was picked and looks like nothing else, is added; any other name is looked at first. */
  const enter = (): void => {
    if (line !== null) {
      if (line.requirements.length === 0) {
        setNote(trans.__('The line contains no package name.'));
      } else {
        void add(line.requirements);
      }
      return;
    }
    if (listed !== words) {
      hurried.current = true;
      return;
    }
    const typed = splitRequirement(text);
    const hit = active >= 0 ? hits[active] : hits.find(one => normalizeName(one.name) === normalizeName(typed?.[0] ?? ''));
    if (hit && !hit.near) {
      void add([`${hit.name}${active >= 0 ? '' : (typed?.[1] ?? '')}`]);
    } else if (hit) {
      ask(hit.name, '', hit.near);
    } else if (typed) {
      ask(typed[0], typed[1], near);
    }
  };
  const shown = open && line === null && hits.length > 0 && asked === null;

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
          aria-controls="jp-Dep-hits"
          aria-autocomplete="list"
          aria-activedescendant={shown && active >= 0 ? `jp-Dep-hit-${active}` : undefined}
          aria-label={trans.__('Search for a package to add, or paste a pip install command')}
          placeholder={trans.__('Add a package…')}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={event => {
            hurried.current = false;
            setText(event.target.value.slice(0, 2000));
            setAsked(null);
            setNote('');
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={event => {
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              setOpen(true);
              const step = event.key === 'ArrowDown' ? 1 : -1;
              setActive(now => (hits.length === 0 ? -1 : ((now + step + 1 + (hits.length + 1)) % (hits.length + 1)) - 1));
            } else if (event.key === 'Enter') {
              event.preventDefault();
              enter();
            } else if (event.key === 'Escape' && (text || asked)) {
              event.stopPropagation();
              reset();
            }
          }}
        />
      </div>
      <ul id="jp-Dep-hits" className="jp-Dep-hits" role="listbox" aria-label={trans.__('Packages found')} hidden={!shown}>
        {shown &&
          hits.map((hit, at) => (
            <li
              key={hit.name}
              id={`jp-Dep-hit-${at}`}
              role="option"
              aria-selected={at === active}
              className="jp-Dep-hit"
              onMouseDown={event => {
                event.preventDefault();
                ask(hit.name, '', hit.near);
              }}
            >
              <div className="jp-Dep-line">
                <bdi className="jp-Dep-name">{escapeLine(hit.name, 80)}</bdi>
                <span className="jp-Dep-fill" />
                {declared.has(normalizeName(hit.name)) && <span className="jp-Dep-mark">{trans.__('declared')}</span>}
                {hit.near && <span className="jp-Dep-mark jp-mod-warn">{trans.__('not %1', escapeLine(hit.near, 40))}</span>}
              </div>
              <div className="jp-Dep-dim jp-Dep-clip">{escapeLine(hit.summary, 200)}</div>
            </li>
          ))}
      </ul>
      <div aria-live="polite">
        {line !== null && line.requirements.length > 0 && (
          <div className="jp-Dep-card">
            <p>
              {trans._n('Adds %1 package:', 'Adds %1 packages:', line.requirements.length)}{' '}
              <bdi>
                {line.requirements
                  .slice(0, 30)
                  .map(one => escapeLine(one, 80))
                  .join(', ')}
              </bdi>
            </p>
            {ignored.length > 0 && (
              <p className="jp-Dep-dim">{trans.__('Ignored: %1', ignored.map(one => escapeLine(one, 80)).join(' '))}</p>
            )}
            <TextButton accept blocked={model.blockedReason} onClick={() => void add(line.requirements)}>
              {trans.__('Add')}
            </TextButton>
          </div>
        )}
        {note && <p className="jp-Dep-dim">{note}</p>}
      </div>
      {asked && (
        <DetailsCard
          key={asked.name}
          {...part}
          asked={asked}
          declared={declared.has(normalizeName(asked.name))}
          onAdd={requirement => void add([requirement])}
          onLeave={reset}
        />
      )}
    </div>
  );
}
