/**
 * The panel at the side: the packages of the notebook in front.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Actions } from '../ui/actions';
import { boxIcon } from './icons';
import { type IDepProjects, NAME } from '../model/tokens';
import { Banner, Work } from './banner';
import type { IPanelProps } from './context';
import { Declared } from './lists/declared';
import { Header } from './header';
import { Log } from './log';
import { useSignals } from './useSignals';
import { SearchBox } from './search/searchBox';
import { TextButton } from './buttons';
import { Transitive, Undeclared } from './lists/undeclared';

/** When the panel looks whether the notebook has the focus again, in milliseconds after the command. */
const GIVEN_BACK = [0, 50, 150, 300];

export class DepPanel extends ReactWidget {
  constructor(
    private readonly _projects: IDepProjects,
    private readonly _actions: Actions,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.id = `${NAME}:panel`;
    this.addClass('jp-Dep-panel');
    this.title.icon = boxIcon;
    this.title.caption = _trans.__('Packages of this notebook');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this._projects.currentChanged.connect(this._follow, this);
  }

  protected render(): React.JSX.Element {
    return <CurrentProject projects={this._projects} actions={this._actions} trans={this._trans} />;
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._follow();
  }

  protected onActivateRequest(): void {
    this._focus();
  }

  /**
   * Takes the focus, and takes it again from the notebook, to which Lab's palette gives it back some turns after a command.
   * A press of the mouse ends that: the user has gone on elsewhere.
   */
  takeFocus(): void {
    const timers = GIVEN_BACK.map(later => window.setTimeout(() => this._focus(), later));
    document.addEventListener('pointerdown', () => timers.forEach(timer => window.clearTimeout(timer)), {
      capture: true,
      once: true
    });
  }

  private _focus(): void {
    if (this.isVisible && !this.node.contains(document.activeElement)) {
      (this.node.querySelector<HTMLElement>('input[role=combobox]') ?? this.node).focus();
    }
  }

  /** Reads the list of packages only for a panel in view. */
  private _follow(): void {
    if (this.isVisible) {
      this._projects.current?.openPackages();
    }
  }
}

interface ICurrentProps extends Pick<IPanelProps, 'actions' | 'trans'> {
  projects: IDepProjects;
}

function CurrentProject({ projects, actions, trans }: ICurrentProps): React.JSX.Element {
  useSignals(projects.currentChanged);
  const model = projects.current;
  if (model === null) {
    return <p className="jp-Dep-empty">{trans.__('Open a notebook to see its packages.')}</p>;
  }
  return <Packages key={model.notebook.id} model={model} client={projects.client} actions={actions} trans={trans} />;
}

export function Packages(part: IPanelProps): React.JSX.Element {
  const { model, client, actions, trans } = part;
  useSignals(model.changed, client.connectionStateChanged);
  return (
    <>
      <Header {...part} />
      <Banner {...part} />
      <Work {...part} />
      <SearchBox {...part} />
      {model.project?.state === 'none' && model.problem === null && (
        <section className="jp-Dep-section">
          <p>
            {trans.__('This notebook declares no packages yet. Add one above, or start with the packages that it imports.')}
          </p>
          <TextButton blocked={model.blockedReason} onClick={() => void actions.perform(model, 'init')}>
            {trans.__('Declare imported packages')}
          </TextButton>
        </section>
      )}
      <Undeclared {...part} />
      <Declared {...part} />
      <Transitive {...part} />
      <Log {...part} />
    </>
  );
}
