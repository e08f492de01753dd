/**
 * The head of the panel: which notebook, which Python, how old the lock is and how big, undo and redo.
 */
import { redoIcon, undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { age, escapeLine, size } from '../status/text';
import type { Python } from '../model/wire';
import type { IPanelProps } from './context';
import { IconButton } from './buttons';

export function Header({ model, client, actions, trans }: IPanelProps): React.JSX.Element {
  const { project, blockedReason } = model;
  const facts = [
    project?.locked_at
      ? trans.__('locked %1', age(project.locked_at, trans))
      : project && project.state !== 'none' && !project.lock
        ? trans.__('not locked')
        : '',
    project?.lock ? trans._n('%1 package', '%1 packages', project.packages) : '',
    project ? size(project.size) : ''
  ].filter(Boolean);
  return (
    <header className="jp-Dep-header">
      <div className="jp-Dep-line">
        <h2 className="jp-Dep-title" title={escapeLine(model.path)}>
          <bdi>{escapeLine(project?.name || nameOf(model.path), 120)}</bdi>
        </h2>
        <IconButton
          icon={undoIcon}
          label={project?.undo ? trans.__('Undo “%1”', escapeLine(project.undo, 80)) : trans.__('Nothing to undo')}
          blocked={blockedReason || (project?.undo ? '' : trans.__('Nothing to undo'))}
          onClick={() => void actions.run(model, { kind: 'undo' })}
        />
        <IconButton
          icon={redoIcon}
          label={project?.redo ? trans.__('Redo “%1”', escapeLine(project.redo, 80)) : trans.__('Nothing to redo')}
          blocked={blockedReason || (project?.redo ? '' : trans.__('Nothing to redo'))}
          onClick={() => void actions.run(model, { kind: 'redo' })}
        />
      </div>
      <div className="jp-Dep-facts">
        {project?.python && <PythonChooser key={model.path} model={model} client={client} actions={actions} trans={trans} />}
        <span>{facts.join(' · ')}</span>
      </div>
      {project?.folder && (
        <p className="jp-Dep-note" data-folder="">
          {trans.__('Shared by the notebooks of the folder “%1”.', escapeLine(project.folder, 120))}
        </p>
      )}
      {project?.note && <p className="jp-Dep-note">{escapeLine(project.note)}</p>}
      {blockedReason && client.connectionState === 'up' && model.active === null && project !== null && (
        <p className="jp-Dep-note">{blockedReason}</p>
      )}
    </header>
  );
}

function PythonChooser({ model, client, actions, trans }: IPanelProps): React.JSX.Element {
  const [pythons, setPythons] = React.useState<ReadonlyArray<Python>>([]);
  const current = model.project?.python ?? '';
  const { path } = model;
  React.useEffect(() => {
    let wanted = true;
    client.pythons(path).then(
      found => wanted && setPythons(found.pythons),
      () => undefined
    );
    return () => {
      wanted = false;
    };
  }, [client, path, current]);
  const minors = new Map<string, Python>();
  for (const one of pythons) {
    if (!minors.has(one.minor) || one.chosen) {
      minors.set(one.minor, one);
    }
  }
  const there = minors.has(current);
  return (
    <select
      className="jp-Dep-select"
      aria-label={trans.__('Python of this notebook')}
      title={model.blockedReason || escapeLine(minors.get(current)?.executable ?? '')}
      disabled={model.blockedReason !== ''}
      value={current}
      onChange={event => void actions.run(model, { kind: 'python', python: event.target.value })}
    >
      {!there && (
        <option value={current}>{pythons.length ? trans.__('Python %1 (not installed)', current) : `Python ${current}`}</option>
      )}
      {[...minors.values()].map(one => (
        <option key={one.minor} value={one.minor} disabled={!one.fits && one.minor !== current}>
          {one.fits
            ? `Python ${one.minor}`
            : trans.__('Python %1 (not in %2)', one.minor, escapeLine(model.project?.requires_python ?? '', 40))}
        </option>
      ))}
    </select>
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
