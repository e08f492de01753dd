import * as React from 'react';

/**
 * One stop for Tab in a list of rows; arrows, Home and End move within it. A row is what has `data-row`; what it contains can
 * be reached by Tab while the row is the current one.
 */
export function useRovingFocus(count: number): {
  current: number;
  onKeyDown: (event: React.KeyboardEvent<HTMLElement>) => void;
  onFocus: (event: React.FocusEvent<HTMLElement>) => void;
} {
  const [at, setAt] = React.useState(0);
  const current = Math.min(at, Math.max(count - 1, 0));
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>): void => {
    if (event.target instanceof HTMLInputElement) {
      return;
    }
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    const next = Math.max(0, Math.min(to, count - 1));
    setAt(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus();
  };
  const onFocus = (event: React.FocusEvent<HTMLElement>): void => {
    const row = event.target.closest<HTMLElement>('[data-row]');
    if (row) {
      setAt(Number(row.dataset.row));
    }
  };
  return { current, onKeyDown, onFocus };
}
