/**
 * The picker of `%dep ui` is made of ipywidgets, in an output: Lab's shortcuts would take the arrow keys from it.
 */

/** The class of the picker's root: `CLASS` in the magics' `picker/view.py`. */
const PICKER = '.jupyter-dep-ui';

/** Marks whatever gets the focus within a picker as something whose keys are its own. */
export function keepKeys(page: Document): void {
  page.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && target.closest(PICKER) !== null) {
      target.setAttribute('data-lm-suppress-shortcuts', 'true');
    }
  });
}
