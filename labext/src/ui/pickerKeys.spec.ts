import { describe, expect, it } from 'vitest';

import { keepKeys } from './pickerKeys';

describe('the picker', () => {
  it('keeps its keys from shortcuts, and nothing around it does', () => {
    document.body.innerHTML = '<div class="jupyter-dep-ui"><input id="in"></div><input id="out">';
    keepKeys(document);
    const [inside, outside] = ['in', 'out'].map(id => document.getElementById(id)!);
    inside!.focus();
    outside!.focus();
    expect(inside!.getAttribute('data-lm-suppress-shortcuts')).toBe('true');
    expect(outside!.hasAttribute('data-lm-suppress-shortcuts')).toBe(false);
  });
});
