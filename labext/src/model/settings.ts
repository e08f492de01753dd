/**
 * The user's settings, as `schema/settings.json` describes them.
 */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Token } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

export interface ISettings {
  readonly saveAfterEdit: boolean;
  readonly showBadge: boolean;
  readonly confirmRestart: boolean;
  readonly notifyRestart: boolean;
  readonly offerMissingImports: boolean;
  readonly askConsentOnOpen: boolean;
}

/** What applies before the settings are loaded, and where the front end has none. */
export const DEFAULTS: ISettings = {
  saveAfterEdit: true,
  showBadge: true,
  confirmRestart: true,
  notifyRestart: true,
  offerMissingImports: true,
  askConsentOnOpen: true
};

export interface IDepSettings {
  readonly values: ISettings;
  readonly changed: ISignal<IDepSettings, void>;
}

export const IDepSettings = new Token<IDepSettings>('jupyter-dep:IDepSettings', 'The settings of notebook packages.');

export class DepSettings implements IDepSettings {
  get values(): ISettings {
    return this._values;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Follows the settings of one plugin; rejects where they cannot be loaded. */
  async follow(registry: Pick<ISettingRegistry, 'load'>, plugin: string): Promise<void> {
    const settings = await registry.load(plugin);
    const read = (): void => {
      const { composite } = settings;
      this._values = { ...DEFAULTS, ...(composite as Partial<ISettings>) };
      this._changed.emit();
    };
    settings.changed.connect(read);
    read();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _values = DEFAULTS;
}
