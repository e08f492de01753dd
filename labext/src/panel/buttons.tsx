/**
 * A small button with an icon. One that can not be pressed stays reachable by keyboard and says why.
 */
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IIconButtonProps {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  /** Why it can not be pressed; empty if it can. */
  blocked?: string;
  tabIndex?: number;
}

export function IconButton({ icon, label, onClick, blocked = '', tabIndex }: IIconButtonProps): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-Dep-tool"
      aria-label={label}
      aria-disabled={blocked !== ''}
      title={blocked || label}
      tabIndex={tabIndex}
      onClick={event => {
        event.stopPropagation();
        if (!blocked) {
          onClick();
        }
      }}
    >
      <icon.react tag="span" width="16px" height="16px" />
    </button>
  );
}

export interface ITextButtonProps {
  onClick: () => void;
  blocked?: string;
  accept?: boolean;
  tabIndex?: number;
  label?: string;
  children: React.ReactNode;
}

/** A button with a word. */
export function TextButton({ onClick, blocked = '', accept, tabIndex, label, children }: ITextButtonProps): React.JSX.Element {
  return (
    <button
      type="button"
      className={accept ? 'jp-Dep-button jp-mod-accept' : 'jp-Dep-button'}
      aria-disabled={blocked !== ''}
      aria-label={label}
      title={blocked || undefined}
      tabIndex={tabIndex}
      onClick={event => {
        event.stopPropagation();
        if (!blocked) {
          onClick();
        }
      }}
    >
      {children}
    </button>
  );
}
