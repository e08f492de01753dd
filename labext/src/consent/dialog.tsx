/**
 * The consent dialog: what a yes would bring, each unusual thing to be ticked by itself. The way out is the way without.
 */
import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import { age, escapeLine, capitalize, size } from '../status/text';
import type { ConsentPage, Unusual } from '../model/wire';
import { InlineCode } from '../ui/inlineCode';

/** Rows of the table that are drawn; a lock may hold thousands. */
const ROWS = 500;
const NAMED = 12;

export interface IConsentBodyProps {
  page: ConsentPage;
  /** Why it is asked once more; empty the first time. */
  note: string;
  onTick: (ticked: ReadonlySet<string>) => void;
  trans: TranslationBundle;
}

export function ConsentBody({ page, note, onTick, trans }: IConsentBodyProps): JSX.Element {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const tick = (item: string, on: boolean): void => {
    const next = new Set(on ? [...ticked, item] : [...ticked].filter(one => one !== item));
    setTicked(next);
    onTick(next);
  };
  const open = unusualToTick(page);
  const given = page.unusual.filter(one => one.given);
  return (
    <div className="jp-Dep-consent">
      {note && (
        <p className="jp-Dep-consentNote" role="alert">
          <InlineCode text={note} />
        </p>
      )}
      <p>
        {trans.__(
          'You have not allowed the lock of %1. Until you do, nothing in it is downloaded, installed or run.',
          escapeLine(page.path.split('/').pop() ?? page.path, 80)
        )}
      </p>
      <Facts page={page} trans={trans} />
      <Changes page={page} trans={trans} />
      {open.length > 0 && (
        <fieldset>
          <legend>{trans.__('Unusual items: tick each one to allow it')}</legend>
          {open.map(one => (
            <label key={one.item} className="jp-Dep-consentItem">
              <input
                type="checkbox"
                required
                checked={ticked.has(one.item)}
                onChange={event => tick(one.item, event.target.checked)}
              />
              <span>
                <InlineCode text={capitalize(one.words)} />
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {given.length > 0 && (
        <p className="jp-Dep-dim">
          {trans.__('Already allowed: %1', given.map(one => escapeLine(one.words.replace(/`/g, ''), 120)).join('; '))}
        </p>
      )}
      {page.artifacts.length > 0 && <Artifacts page={page} trans={trans} />}
      <p className="jp-Dep-dim">
        {trans.__('Fingerprint')} <code>{escapeLine(page.fingerprint, 80)}</code>
      </p>
    </div>
  );
}

function Facts({ page, trans }: { page: ConsentPage; trans: TranslationBundle }): JSX.Element {
  const hosts = [...new Set(page.artifacts.map(one => one.host).filter(Boolean))];
  const bytes = size(page.size);
  const count = trans._n('%1 package', '%1 packages', page.artifacts.length);
  return (
    <dl>
      <dt>{trans.__('Installs')}</dt>
      <dd>{bytes ? `${count}, ${bytes}` : count}</dd>
      {hosts.length > 0 && (
        <>
          <dt>{trans.__('From')}</dt>
          <dd>{listed(hosts, trans)}</dd>
        </>
      )}
      {page.python && (
        <>
          <dt>{trans.__('Python')}</dt>
          <dd>{escapeLine(page.python, 60)}</dd>
        </>
      )}
    </dl>
  );
}

function Changes({ page, trans }: { page: ConsentPage; trans: TranslationBundle }): JSX.Element | null {
  const { added, removed, changed, before } = page;
  if (added.length + removed.length + changed.length === 0) {
    return null;
  }
  return (
    <section>
      <h3>
        {before
          ? trans.__('Changed since you last allowed it, %1', age(before, trans))
          : trans.__('Changed since you last allowed it')}
      </h3>
      <ul>
        {added.length > 0 && <li>{trans.__('added: %1', listed(added, trans))}</li>}
        {removed.length > 0 && <li>{trans.__('removed: %1', listed(removed, trans))}</li>}
        {changed.length > 0 && (
          <li>
            {trans.__(
              'changed: %1',
              listed(
                changed.map(([name, from, to]) => `${name} ${from} → ${to}`),
                trans
              )
            )}
          </li>
        )}
      </ul>
    </section>
  );
}

function Artifacts({ page, trans }: { page: ConsentPage; trans: TranslationBundle }): JSX.Element {
  const [open, setOpen] = useState(false);
  const more = page.artifacts.length - ROWS;
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{trans.__('All packages')}</summary>
      {open && (
        <div className="jp-Dep-consentTable" tabIndex={0} role="region" aria-label={trans.__('All packages')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{trans.__('Package')}</th>
                <th scope="col">{trans.__('Version')}</th>
                <th scope="col">{trans.__('Size')}</th>
                <th scope="col">{trans.__('From')}</th>
              </tr>
            </thead>
            <tbody>
              {page.artifacts.slice(0, ROWS).map((one, at) => (
                <tr key={at}>
                  <th scope="row">{escapeLine(one.name, 80)}</th>
                  <td>{escapeLine(one.version, 40)}</td>
                  <td>{size(one.size)}</td>
                  <td>
                    {[one.host, one.kind === 'wheel' ? '' : one.kind]
                      .filter(Boolean)
                      .map(text => escapeLine(text, 80))
                      .join(', ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {more > 0 && <p>{trans._n('and %1 more', 'and %1 more', more)}</p>}
        </div>
      )}
    </details>
  );
}

function listed(names: ReadonlyArray<string>, trans: TranslationBundle): string {
  const more = names.length - NAMED;
  return (
    names
      .slice(0, NAMED)
      .map(name => escapeLine(name, 80))
      .join(', ') + (more > 0 ? ` ${trans._n('and %1 more', 'and %1 more', more)}` : '')
  );
}

export function unusualToTick(page: ConsentPage): ReadonlyArray<Unusual> {
  return page.unusual.filter(one => !one.given);
}

/** The body as a widget; what was ticked is its value. */
class ConsentQuestion extends ReactWidget implements Dialog.IBodyWidget<ReadonlyArray<string>> {
  constructor(
    private readonly _page: ConsentPage,
    private readonly _note: string,
    private readonly _trans: TranslationBundle,
    private readonly _onTick: () => void
  ) {
    super();
  }

  get complete(): boolean {
    return unusualToTick(this._page).every(one => this._ticked.has(one.item));
  }

  getValue(): ReadonlyArray<string> {
    return [...this._ticked];
  }

  protected render(): JSX.Element {
    const tick = (ticked: ReadonlySet<string>): void => {
      this._ticked = ticked;
      this._onTick();
    };
    return <ConsentBody page={this._page} note={this._note} onTick={tick} trans={this._trans} />;
  }

  private _ticked: ReadonlySet<string> = new Set();
}

/**
 * The dialog. Its value is what was ticked; `button.accept` only where everything unusual was.
 *
 * "Allow" is off while a box is not ticked, to Lab too, which looks at required boxes; that the answer is refused then as well
 * is for a press that gets past a button which is off.
 */
export class ConsentDialog extends Dialog<ReadonlyArray<string>> {
  constructor(page: ConsentPage, note: string, trans: TranslationBundle) {
    const question = new ConsentQuestion(page, note, trans, () => this._onTick());
    super({
      title: trans.__('Allow this notebook to install packages?'),
      body: question,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Open without installing') }),
        Dialog.okButton({ label: trans.__('Allow') })
      ],
      defaultButton: 0
    });
    this._question = question;
    this.addClass('jp-Dep-consentDialog');
    this._onTick();
  }

  resolve(index?: number): void {
    if (index !== ALLOW || this._question.complete) {
      super.resolve(index);
    }
  }

  private _onTick(): void {
    const allow = this.node.querySelector<HTMLButtonElement>('.jp-Dialog-footer .jp-mod-accept');
    if (allow) {
      allow.disabled = !this._question.complete;
    }
  }

  private readonly _question: ConsentQuestion;
}

const ALLOW = 1;
