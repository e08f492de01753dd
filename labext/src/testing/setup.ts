/** What JupyterLab's modules expect of a browser and jsdom does not have. */
declare const globalThis: Record<string, unknown>;

globalThis.DragEvent ??= class DragEvent extends MouseEvent {};
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
window.requestIdleCallback ??= (callback: IdleRequestCallback) => setTimeout(callback);
window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    addListener: () => undefined,
    removeListener: () => undefined,
    addEventListener: () => undefined,
    removeEventListener: () => undefined
  }) as unknown as MediaQueryList;

export {};
