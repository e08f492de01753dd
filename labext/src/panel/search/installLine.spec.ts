import { describe, expect, it } from 'vitest';

import table from '../../../../tests/data/install_lines.json';
import { splitRequirement } from '../../model/declaration/requirement';
import { parseInstallLine } from './installLine';

describe('a pasted install line', () => {
  it.each(table.cases)('$line', ({ line, requirements, others, options }) => {
    expect(parseInstallLine(line)).toEqual(requirements === null ? null : { requirements, others, options });
  });

  it('ends with the first of several lines', () => {
    expect(parseInstallLine('pip install a \\\n  b\npip install c')?.requirements).toEqual(['a', 'b']);
  });
});

describe('a requirement', () => {
  it.each([
    ['pandas>=2', ['pandas', '>=2']],
    [' pandas >=2 ', ['pandas', '>=2']],
    ['uvicorn[standard]>=1', ['uvicorn', '[standard]>=1']],
    ['x', ['x', '']],
    ['zope.interface', ['zope.interface', '']]
  ])('%s', (text, parts) => {
    expect(splitRequirement(text)).toEqual(parts);
  });

  it('starts with a letter or digit', () => {
    expect(splitRequirement('<b>')).toBeNull();
    expect(splitRequirement('')).toBeNull();
  });
});
