/**
 * The badge in the notebook's toolbar: how the project stands, in an icon and a word, and a menu with what to do about it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  circleEmptyIcon,
  closeIcon,
  type LabIcon,
  notTrustedIcon,
  refreshIcon,
  editIcon,
  kernelIcon,
  offlineBoltIcon,
  ReactWidget
} from '@jupyterlab/ui-components';
import type { Menu } from '@lumino/widgets';
import * as React from 'react';

import { factsOf } from '../status/status';
import { type IStatus, status, type StatusName } from '../status/status';
import type { IDepSettings } from '../model/settings';
import type { IDepClient, INotebookProject } from '../model/tokens';

const ICONS: Readonly<Record<StatusName, LabIcon>> = {
  reading: circleEmptyIcon,
  offline: offlineBoltIcon,
  building: refreshIcon,
  failed: closeIcon,
  consent: notTrustedIcon,
  changed: editIcon,
  restart: refreshIcon,
  'wrong-kernel': kernelIcon,
  none: circleEmptyIcon,
  sync: checkIcon
};

export interface IBadgeOptions {
  model: INotebookProject;
  client: IDepClient;
  settings: IDepSettings;
  /** Makes the menu, when it is first wanted. */
  menu: (model: INotebookProject) => Menu;
  trans: TranslationBundle;
}

export class Badge extends ReactWidget {
  constructor(private readonly _options: IBadgeOptions) {
    super();
    this.addClass('jp-Dep-badgeItem');
    _options.model.changed.connect(this._refresh, this);
    _options.client.connectionStateChanged.connect(this._refresh, this);
    _options.settings.changed.connect(this._showOrHide, this);
    this._showOrHide();
  }

  dispose(): void {
    this._options.settings.changed.disconnect(this._showOrHide, this);
    this._menu?.dispose();
    super.dispose();
  }

  protected render(): React.JSX.Element {
    const { model, client, trans } = this._options;
    return <BadgeView status={status(factsOf(model, client), trans)} trans={trans} onOpen={at => this._open(at)} />;
  }

  private _showOrHide(): void {
    this.setHidden(!this._options.settings.values.showBadge);
  }

  private _refresh(): void {
    if (!this.isDisposed) {
      this.update();
    }
  }

  private _open(button: HTMLElement): void {
    if (this._menu === null) {
      this._menu = this._options.menu(this._options.model);
      this._menu.aboutToClose.connect(() => queueMicrotask(() => giveBack(button)));
    }
    const { left, bottom } = button.getBoundingClientRect();
    this._menu.open(left, bottom);
    this._menu.activeIndex = 0;
  }

  private _menu: Menu | null = null;
}

/**
 * Gives a closed menu's focus to its button, unless somebody has it. Only now that the menu is out of the page: a focus that
 * comes from elsewhere in it, Lab's toolbar passes on to the button that it thinks is its current one.
 */
function giveBack(button: HTMLElement): void {
  if (document.activeElement === null || document.activeElement === document.body) {
    button.focus();
  }
}

export interface IBadgeViewProps {
  status: IStatus;
  trans: TranslationBundle;
  onOpen: (button: HTMLElement) => void;
}

export function BadgeView({ status, trans, onOpen }: IBadgeViewProps): React.JSX.Element {
  const Icon = ICONS[status.name];
  return (
    <button
      type="button"
      className="jp-Dep-badge"
      data-status={status.name}
      aria-haspopup="menu"
      aria-label={trans.__('Packages: %1. %2', status.text, status.title)}
      title={status.title}
      onClick={event => onOpen(event.currentTarget)}
    >
      <Icon.react tag="span" className="jp-Dep-badgeIcon" width="14px" height="14px" />
      <span className="jp-Dep-badgeText">{status.text}</span>
      {status.fraction !== null && <span className="jp-Dep-badgePart" style={{ width: `${status.fraction * 100}%` }} />}
    </button>
  );
}
