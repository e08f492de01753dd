import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer } from 'react';

/** Renders again whenever one of the signals goes out. The array may be a new one each time; its signals may not. */
export function useSignals(...signals: ReadonlyArray<ISignal<unknown, unknown> | null | undefined>): void {
  const [, pulse] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = (): void => pulse();
    signals.forEach(signal => signal?.connect(slot));
    return () => signals.forEach(signal => signal?.disconnect(slot));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the signals are the dependencies, in an array that may be new
  }, signals);
}
