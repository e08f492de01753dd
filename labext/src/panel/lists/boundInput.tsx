/**
 * The field in which the version bound of a declared package is edited.
 */
import * as React from 'react';

import { splitRequirement } from '../../model/declaration/requirement';
import { escapeLine } from '../../status/text';
import type { IPanelProps } from '../context';
import type { IDeclaredRow } from './declaredRows';

export interface IBoundInputProps extends Pick<IPanelProps, 'model' | 'actions' | 'trans'> {
  row: IDeclaredRow;
  onDone: () => void;
}

export function BoundInput({ row, model, actions, trans, onDone }: IBoundInputProps): React.JSX.Element {
  const before = splitRequirement(row.text)?.[1] ?? '';
  const [text, setText] = React.useState(before);
  const [wrong, setWrong] = React.useState('');
  const left = React.useRef(false);
  const leave = (): void => {
    if (!left.current) {
      left.current = true;
      onDone();
    }
  };
  const apply = (): void => {
    const bound = text.trim();
    if (bound === before) {
      leave();
    } else if (bound === '') {
      setWrong(trans.__('To allow any version, remove the package and add it again.'));
    } else if (model.blockedReason) {
      setWrong(model.blockedReason);
    } else {
      leave();
      const spelled = /^[\d]/.test(bound) ? `==${bound}` : bound;
      void actions.run(model, { kind: 'add', names: [`${row.name}${spelled}`] });
    }
  };
  return (
    <span className="jp-Dep-editing">
      <input
        className="jp-Dep-input"
        autoFocus
        value={text}
        placeholder=">=2, <3"
        spellCheck={false}
        aria-label={trans.__('Version of %1', escapeLine(row.name, 100))}
        aria-invalid={wrong !== ''}
        aria-errormessage={wrong ? 'jp-Dep-wrong' : undefined}
        onChange={event => setText(event.target.value)}
        onBlur={leave}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Enter') {
            event.preventDefault();
            apply();
          } else if (event.key === 'Escape') {
            leave();
          }
        }}
      />
      {wrong && (
        <span id="jp-Dep-wrong" role="alert" className="jp-Dep-wrong">
          {wrong}
        </span>
      )}
    </span>
  );
}
