/**
 * What the search box shows below itself: the list of packages found, or what a pasted install command adds.
 */
import * as React from 'react';

import { normalizeName } from '../../model/declaration/requirement';
import type { Hit } from '../../model/wire';
import { escapeLine } from '../../status/text';
import { TextButton } from '../buttons';
import type { IPanelProps } from '../context';
import type { IInstallLine } from './installLine';

export const LIST_ID = 'jp-Dep-hits';
const MOST_NAMED = 30;

/** The id of one row, for the box to name the picked one by. */
export function rowId(at: number): string {
  return `jp-Dep-hit-${at}`;
}

export interface IHitListProps extends Pick<IPanelProps, 'trans'> {
  hits: ReadonlyArray<Hit>;
  shown: boolean;
  active: number;
  declared: ReadonlySet<string>;
  onPick: (hit: Hit) => void;
}

export function HitList({ hits, shown, active, declared, onPick, trans }: IHitListProps): React.JSX.Element {
  return (
    <ul id={LIST_ID} className="jp-Dep-hits" role="listbox" aria-label={trans.__('Packages found')} hidden={!shown}>
      {shown &&
        hits.map((hit, at) => (
          <li
            key={hit.name}
            id={rowId(at)}
            role="option"
            aria-selected={at === active}
            className="jp-Dep-hit"
            onMouseDown={event => {
              event.preventDefault();
              onPick(hit);
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
  );
}

export interface IInstallCardProps extends Pick<IPanelProps, 'model' | 'trans'> {
  line: IInstallLine;
  onAdd: () => void;
}

/** What a pasted command adds, and what of it is ignored. */
export function InstallCard({ line, onAdd, model, trans }: IInstallCardProps): React.JSX.Element {
  const ignored = [...line.others, ...line.options];
  return (
    <div className="jp-Dep-card">
      <p>
        {trans._n('Adds %1 package:', 'Adds %1 packages:', line.requirements.length)}{' '}
        <bdi>
          {line.requirements
            .slice(0, MOST_NAMED)
            .map(one => escapeLine(one, 80))
            .join(', ')}
        </bdi>
      </p>
      {ignored.length > 0 && (
        <p className="jp-Dep-dim">{trans.__('Ignored: %1', ignored.map(one => escapeLine(one, 80)).join(' '))}</p>
      )}
      <TextButton accept blocked={model.blockedReason} onClick={onAdd}>
        {trans.__('Add')}
      </TextButton>
    </div>
  );
}
