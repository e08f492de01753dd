/**
 * The head of the panel: which notebook, which Python, how old the lock is and how big, undo and redo.
 */
import { type LabIcon, redoIcon, undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { age, escapeLine, size } from '../status/text';
import type { Project, Python } from '../model/wire';
import type { IPanelProps } from './context';
import { IconButton } from './buttons';

export function Header(part: IPanelProps): React.JSX.Element {
  const { model, client, actions, trans } = part;
  const { project, blockedReason } = model;
  return (
    <header className="jp-Dep-header">
      <div className="jp-Dep-line">
        <h2 className="jp-Dep-title" title={escapeLine(model.path)}>
          <bdi>{escapeLine(project?.name || nameOf(model.path), 120)}</bdi>
        </h2>
        <HistoryButton icon={undoIcon} step={project?.undo} kind="undo" {...part} />
        <HistoryButton icon={redoIcon} step={project?.redo} kind="redo" {...part} />
      </div>
      <div className="jp-Dep-facts">
        {project?.python && <PythonChooser key={model.path} model={model} client={client} actions={actions} trans={trans} />}
        <span>{project ? factsOf(project, trans) : ''}</span>
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

interface IHistoryButtonProps extends IPanelProps {
  icon: LabIcon;
  kind: 'undo' | 'redo';
  /** What it takes back or does again; null or absent where there is nothing. */
  step: string | null | undefined;
}

function HistoryButton({ icon, kind, step, model, actions, trans }: IHistoryButtonProps): React.JSX.Element {
  const nothing = kind === 'undo' ? trans.__('Nothing to undo') : trans.__('Nothing to redo');
  const name = escapeLine(step ?? '', 80);
  const label = kind === 'undo' ? trans.__('Undo “%1”', name) : trans.__('Redo “%1”', name);
  return (
    <IconButton
      icon={icon}
      label={step ? label : nothing}
      blocked={model.blockedReason || (step ? '' : nothing)}
      onClick={() => void actions.run(model, { kind })}
    />
  );
}

/** How old the lock is and how big. */
function factsOf(project: Project, trans: IPanelProps['trans']): string {
  const unlocked = project.state !== 'none' && !project.lock ? trans.__('not locked') : '';
  return [
    project.locked_at ? trans.__('locked %1', age(project.locked_at, trans)) : unlocked,
    project.lock ? trans._n('%1 package', '%1 packages', project.packages) : '',
    size(project.size)
  ]
    .filter(Boolean)
    .join(' · ');
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
