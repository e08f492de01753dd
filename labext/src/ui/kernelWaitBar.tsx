/**
 * The slim bar at the top of a notebook whose kernel has not started: the progress of its environment, how many cells wait,
 * Cancel; or why it does not start, and what helps.
 */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { fraction } from '../status/progress';
import { escapeLine, capitalize } from '../status/text';
import type { INotebookProject } from '../model/tokens';
import type { HoldingState } from '../model/wire';
import { InlineCode } from './inlineCode';

/** Codes of problems that the user's consent solves, and of those that a new lock does. */
const CONSENT = new Set(['consent-missing', 'host-not-vouched']);
const LOCK = new Set(['unlocked', 'stale', 'bad-lock', 'unmerged-lock', 'unsafe-lock']);

export interface IKernelWaitActions {
  /** Cancels the build: to the kernel it is an interrupt. */
  cancel(): void;
  again(): void;
  lock(): void;
}

export interface IKernelWaitProps {
  state: HoldingState;
  actions: IKernelWaitActions;
  consent: () => void;
  /** Why nothing can be locked here; empty if it can. */
  blocked: string;
  trans: TranslationBundle;
}

export function KernelWaitView(props: IKernelWaitProps): JSX.Element {
  return props.state.state === 'building' ? <Building {...props} /> : <Stopped {...props} />;
}

function Building({ state, actions, trans }: IKernelWaitProps): JSX.Element {
  const done = fraction(state.progress);
  const name = escapeLine(capitalize(state.headline)) || trans.__('Building the environment');
  return (
    <div className="jp-Dep-hold">
      <div className="jp-Dep-holdLine">
        <progress aria-label={name} max={1} {...(done === null ? {} : { value: done })} />
        <span className="jp-Dep-holdText" role="status">
          {name}
        </span>
        {/* not in the live region: it moves five times a second */}
        <span className="jp-Dep-holdStep">{state.progress ? escapeLine(state.progress.text, 120) : ''}</span>
        <Waiting kept={state.kept} trans={trans} />
        <button type="button" className="jp-Dialog-button jp-mod-styled jp-mod-reject" onClick={() => actions.cancel()}>
          {trans.__('Cancel')}
        </button>
      </div>
    </div>
  );
}

function Stopped({ state, actions, consent, blocked, trans }: IKernelWaitProps): JSX.Element {
  const code = state.problem?.code ?? '';
  const message = state.problem?.message || state.headline;
  const asks = state.state === 'asking' || CONSENT.has(code);
  return (
    <div className={`jp-Dep-hold ${asks ? 'jp-mod-warn' : 'jp-mod-error'}`} role="group" aria-label={trans.__('Kernel')}>
      <div role="status">
        <strong>
          {asks ? trans.__('This kernel is waiting for your consent.') : trans.__('This kernel has not started.')}
        </strong>{' '}
        <span className="jp-Dep-holdText">
          <InlineCode text={capitalize(message)} />
        </span>
      </div>
      {!asks && state.steps.length > 0 && (
        <ol>
          {state.steps.map((step, at) => (
            <li key={at}>
              <InlineCode text={capitalize(step)} />
            </li>
          ))}
        </ol>
      )}
      <div className="jp-Dep-holdLine">
        {asks && <Button onClick={consent}>{trans.__('Review and decide…')}</Button>}
        {LOCK.has(code) && (
          <Button blocked={blocked} onClick={() => actions.lock()}>
            {trans.__('Lock')}
          </Button>
        )}
        <button type="button" className="jp-Dialog-button jp-mod-styled jp-mod-reject" onClick={() => actions.again()}>
          {trans.__('Try again')}
        </button>
        <Waiting kept={state.kept} trans={trans} />
      </div>
    </div>
  );
}

interface IButtonProps {
  onClick: () => void;
  blocked?: string;
  children: React.ReactNode;
}

function Button({ onClick, blocked = '', children }: IButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-Dialog-button jp-mod-styled jp-mod-accept"
      disabled={blocked !== ''}
      title={blocked || undefined}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function Waiting({ kept, trans }: { kept: number; trans: TranslationBundle }): JSX.Element | null {
  return kept > 0 ? (
    <span className="jp-Dep-holdKept" role="status">
      {trans._n('%1 cell waits', '%1 cells wait', kept)}
    </span>
  ) : null;
}

/** The bar as a widget of one notebook; hidden while its kernel runs. */
export class KernelWaitBar extends ReactWidget {
  constructor(
    private readonly _project: INotebookProject,
    private readonly _actions: IKernelWaitActions,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Dep-holding');
    this.setHidden(_project.holding === null);
    _project.changed.connect(this._onChanged, this);
    this._sizes = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(() => this._onSized());
  }

  dispose(): void {
    this._sizes?.disconnect();
    super.dispose();
  }

  protected render(): JSX.Element {
    return (
      <div ref={this._measure}>
        <UseSignal signal={this._project.changed}>
          {() =>
            this._project.holding === null ? (
              <></>
            ) : (
              <KernelWaitView
                state={this._project.holding}
                actions={this._actions}
                consent={() => this._project.askConsent()}
                blocked={this._project.blockedReason}
                trans={this._trans}
              />
            )
          }
        </UseSignal>
      </div>
    );
  }

  private _onChanged(): void {
    this.setHidden(this._project.holding === null);
  }

  private _onSized(): void {
    // a box layout gives what the style's least height asks for, not what the content takes
    const height = `${this._content?.offsetHeight ?? 0}px`;
    if (this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      this.parent?.fit();
    }
  }

  private readonly _measure = (content: HTMLDivElement | null): void => {
    this._sizes?.disconnect();
    this._content = content;
    if (content !== null) {
      this._sizes?.observe(content);
    }
  };

  private readonly _sizes: ResizeObserver | null;
  private _content: HTMLDivElement | null = null;
}
