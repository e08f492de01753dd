import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import schema from '../../schema/settings.json';
import { DEFAULTS, DepSettings } from './settings';

describe('the settings', () => {
  it('have a description and the default that the schema names', () => {
    const described = Object.entries(schema.properties);
    expect(Object.fromEntries(described.map(([name, one]) => [name, one.default]))).toEqual(DEFAULTS);
    for (const [, one] of described) {
      expect(one.title).not.toBe('');
      expect(one.description).toMatch(/\.$/);
    }
  });

  it('follow what the user chooses', async () => {
    const changed = new Signal<object, void>({});
    const loaded = { composite: { showBadge: false } as Record<string, unknown>, changed };
    const settings = new DepSettings();
    expect(settings.values).toEqual(DEFAULTS);
    let count = 0;
    settings.changed.connect(() => count++);
    await settings.follow({ load: async () => loaded as never }, 'jupyter-dep:settings');
    expect(settings.values).toEqual({ ...DEFAULTS, showBadge: false });
    loaded.composite = { saveAfterEdit: false };
    changed.emit();
    expect(settings.values).toEqual({ ...DEFAULTS, saveAfterEdit: false });
    expect(count).toBe(2);
  });
});
