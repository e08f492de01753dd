/**
 * The note of a missing import, with "Add scikit-learn and run again" where that can be done.
 *
 * The bundle comes out of a cell, so it may be a stranger's: in an output that is not trusted, and without a live kernel of ours,
 * it is text and nothing else. A press on the button opens a dialog that shows the name and what is known of it.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import { escapeLine } from '../status/text';
import { type Hit, MISSING_MIME, type MissingImport } from '../model/wire';
import { InlineCode } from './inlineCode';

/** Names that an index can have: PEP 508's, at a length that a button holds. */
const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/i;
const MOST = 5;

/** What the notes can do to the notebook around them. */
export interface IPackageAdder {
  /** Where a node stands; null where nothing can be added: no notebook of ours around it, no live kernel of ours. */
  place(node: HTMLElement): ICellLocation | null;
  /** What is known of a name; null where nothing is. */
  know(place: ICellLocation, name: string): Promise<Hit | null>;
  /** Adds and runs the cell again; what went wrong, for people, empty if nothing did. */
  add(place: ICellLocation, name: string): Promise<string>;
  /** Brings what is declared, and runs the cell again; the same. */
  fix(place: ICellLocation, kind: Fix): Promise<string>;
}

export type Fix = Exclude<MissingImport['fix'], ''>;
const FIXES: ReadonlyArray<string> = ['lock', 'sync', 'restart'];

export interface ICellLocation {
  readonly panel: NotebookPanel;
  readonly cell: Cell;
}

/** The bundle as the wire has it, its names cut down to possible ones; null for anything else. */
export function parseMissing(data: unknown): MissingImport | null {
  const { module, names, fix } = (data ?? {}) as { module?: unknown; names?: unknown; fix?: unknown };
  if (typeof module !== 'string' || !Array.isArray(names)) {
    return null;
  }
  const possible = names.filter((name): name is string => typeof name === 'string' && NAME.test(name));
  const known = FIXES.includes(fix as string) ? (fix as Fix) : '';
  return { module, names: [...new Set(possible)].slice(0, MOST), fix: known };
}

export class MissingImportNote extends ReactWidget implements IRenderMime.IRenderer {
  constructor(
    private readonly _adder: IPackageAdder,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Dep-missing');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const text = model.data['text/plain'];
    this._text = typeof text === 'string' || Array.isArray(text) ? [text].flat().join('') : '';
    this._missing = parseMissing(model.data[MISSING_MIME]);
    this._trusted = model.trusted;
    this.update();
    await this.renderPromise;
  }

  protected onAfterAttach(): void {
    // only now there is a notebook around it
    this.update();
  }

  protected render(): JSX.Element {
    const missing = this._missing;
    const usable = missing !== null && this._trusted && this.isAttached && this._adder.place(this.node) !== null;
    const words = this._text || (missing ? this._trans.__('%1 is not installed in this environment.', missing.module) : '');
    return (
      <>
        <p>
          <InlineCode text={words} />
        </p>
        {usable && missing.names.length > 0 && (
          <Add names={missing.names} onAdd={(name, begun) => this._add(name, begun)} trans={this._trans} />
        )}
        {usable && missing.fix !== '' && <FixButton kind={missing.fix} onFix={kind => this._fix(kind)} trans={this._trans} />}
      </>
    );
  }

  /** What went wrong, for people; empty if nothing did, null if the user did not want it. */
  private async _add(name: string, begun: () => void): Promise<string | null> {
    const trans = this._trans;
    const place = this._adder.place(this.node);
    if (place === null) {
      return trans.__('The kernel has stopped. Run the cell again.');
    }
    const hit = await this._adder.know(place, name);
    if (!(await confirmed(name, hit, trans))) {
      return null;
    }
    begun();
    return this._adder.add(place, name);
  }

  private async _fix(kind: Fix): Promise<string> {
    const place = this._adder.place(this.node);
    return place === null ? this._trans.__('The kernel has stopped. Run the cell again.') : this._adder.fix(place, kind);
  }

  private _text = '';
  private _missing: MissingImport | null = null;
  private _trusted = false;
}

interface IFixProps {
  kind: Fix;
  onFix: (kind: Fix) => Promise<string>;
  trans: TranslationBundle;
}

function FixButton({ kind, onFix, trans }: IFixProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const labels: Readonly<Record<Fix, string>> = {
    lock: trans.__('Lock and run again'),
    sync: trans.__('Switch and run again'),
    restart: trans.__('Restart kernel')
  };
  const fix = async (): Promise<void> => {
    setBusy(true);
    setWrong(await onFix(kind));
    setBusy(false);
  };
  return (
    <div className="jp-Dep-missingAdd">
      <button type="button" className="jp-Dialog-button jp-mod-styled jp-mod-accept" disabled={busy} onClick={() => void fix()}>
        {labels[kind]}
      </button>
      <span role="status" className="jp-Dep-missingWrong">
        <InlineCode text={wrong} />
      </span>
    </div>
  );
}

interface IAddProps {
  names: ReadonlyArray<string>;
  /** `begun` is called when the user has agreed. */
  onAdd: (name: string, begun: () => void) => Promise<string | null>;
  trans: TranslationBundle;
}

function Add({ names, onAdd, trans }: IAddProps): JSX.Element {
  const [name, setName] = useState(names[0]!);
  const [busy, setBusy] = useState<'no' | 'asking' | 'adding'>('no');
  const [wrong, setWrong] = useState('');
  const add = async (): Promise<void> => {
    setBusy('asking');
    setWrong('');
    try {
      setWrong((await onAdd(name, () => setBusy('adding'))) ?? '');
    } finally {
      setBusy('no');
    }
  };
  return (
    <div className="jp-Dep-missingAdd">
      {names.length > 1 && (
        <select
          className="jp-mod-styled"
          aria-label={trans.__('Package')}
          value={name}
          disabled={busy !== 'no'}
          onChange={event => setName(event.target.value)}
        >
          {names.map(one => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
      <button
        type="button"
        className="jp-Dialog-button jp-mod-styled jp-mod-accept"
        disabled={busy !== 'no'}
        onClick={() => void add()}
      >
        {busy === 'adding' ? trans.__('Adding %1…', name) : trans.__('Add %1 and run again', name)}
      </button>
      <span role="status" className="jp-Dep-missingWrong">
        <InlineCode text={wrong} />
      </span>
    </div>
  );
}

async function confirmed(name: string, hit: Hit | null, trans: TranslationBundle): Promise<boolean> {
  const body = ReactWidget.create(<Known name={name} hit={hit} trans={trans} />);
  const doubtful = hit === null || hit.near !== '';
  const answer = await showDialog({
    title: trans.__('Add %1 to this notebook?', name),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Add and run again') })],
    // a name that nobody here has heard of is not to be taken with one press of a key
    defaultButton: doubtful ? 0 : 1
  }).catch(() => null);
  return answer?.button.accept === true;
}

export function Known({ name, hit, trans }: { name: string; hit: Hit | null; trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-Dep-missingKnown">
      {hit?.near ? (
        <p className="jp-Dep-warn" role="alert">
          {trans.__('Careful: this is not the well-known package %1. Only the names are similar.', escapeLine(hit.near, 64))}
        </p>
      ) : null}
      {hit === null ? (
        <p className="jp-Dep-warn">
          {trans.__('%1 is not a known package. Anyone can publish under any name: check the package before you add it.', name)}
        </p>
      ) : (
        hit.summary && <p>{escapeLine(hit.summary)}</p>
      )}
      <p>
        {trans.__(
          'The package is declared in the notebook, locked, and installed from your package index. Then the cell runs again.'
        )}
      </p>
    </div>
  );
}

/** The factory for a registry of renderers; `safe`, since what it shows of an untrusted output is text. */
export function missingRenderer(adder: IPackageAdder, trans: TranslationBundle): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [MISSING_MIME],
    // before text/html, which is 50
    defaultRank: 40,
    createRenderer: () => new MissingImportNote(adder, trans)
  };
}
