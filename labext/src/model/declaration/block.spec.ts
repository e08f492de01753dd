import { YNotebook } from '@jupyter/ydoc';
import { describe, expect, it } from 'vitest';

import { blockText, holdsBlock } from './block';

const BLOCK = '# /// script\n# dependencies = ["numpy"]\n# ///';

describe('the cell of the declaration', () => {
  it.each([
    ['a block alone', BLOCK, true],
    ['a block among code', `import os\n${BLOCK}\nprint(1)\n`, true],
    ['lines of another system', BLOCK.replace(/\n/g, '\r\n'), true],
    ['a block that is not closed', '# /// script\n# dependencies = []\n', true],
    ['trailing blanks after the opening', '# /// script  \n# x = 1\n# ///', true],
    ['an indented block', `  ${BLOCK}`, false],
    ['a cell magic before it', `%%writefile tool.py\n${BLOCK}`, false],
    ['a cell magic after blank lines', `\n\n%%writefile tool.py\n${BLOCK}`, false],
    ['a block of another type', '# /// other\n# /// script\n# ///', false],
    ['words about one', '"# /// script"', false],
    ['a line separator that is no line end here', `x\u2028# /// script\n# ///`, false],
    ['no block', 'import numpy', false]
  ])('%s: %s', (_name, source, found) => {
    expect(holdsBlock(source)).toBe(found);
  });

  function notebook(...sources: [string, string][]): YNotebook {
    const made = YNotebook.create();
    sources.forEach(([cell_type, source]) => made.addCell({ cell_type, source }));
    return made;
  }

  it('is a code cell', () => {
    expect(blockText(notebook(['markdown', BLOCK], ['code', 'import numpy']))).toBeNull();
    expect(blockText(notebook(['markdown', BLOCK], ['code', BLOCK]))).toBe(BLOCK);
  });

  it('is told with its rival where there are two, so that the server names the error', () => {
    expect(blockText(notebook(['code', BLOCK], ['code', BLOCK]))).toBe(`${BLOCK}\n${BLOCK}`);
  });
});
