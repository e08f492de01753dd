import { describe, expect, it } from 'vitest';

import { nameAndBound, readInstallLine } from './installLine';

describe('a pasted install line', () => {
  it.each([
    ['pip install pandas', ['pandas']],
    ['!pip install -U "numpy>=2,<3" scipy', ['numpy>=2,<3', 'scipy']],
    ['%pip install a==1 b', ['a==1', 'b']],
    ['$ python3.12 -m pip install httpx', ['httpx']],
    ['uv pip install rich', ['rich']],
    ['uv add polars', ['polars']],
    ['poetry add requests', ['requests']],
    ["pip install 'uvicorn[standard]>=0.3'", ['uvicorn[standard]>=0.3']],
    ['pip install a \\\n  b', ['a', 'b']],
    ['pip install a && rm -rf x', ['a']],
    ['pip install a; echo b', ['a']],
    ['pip install a # the best', ['a']],
    ['  pip3 install tomlkit  ', ['tomlkit']]
  ])('%s', (line, names) => {
    expect(readInstallLine(line)?.requirements).toEqual(names);
  });

  it('leaves out where from, and says so', () => {
    const read = readInstallLine(
      'pip install --index-url http://index.example/simple -r req.txt -e . ./local pandas --no-deps'
    );
    expect(read?.requirements).toEqual(['pandas']);
    expect(read?.ignored).toEqual(['--index-url http://index.example/simple', '-r req.txt', '-e .', './local', '--no-deps']);
  });

  it.each(['pandas', 'pip', 'pip installer', 'pipx', 'a pip install b'])('is not what somebody searches for: %s', text => {
    expect(readInstallLine(text)).toBeNull();
  });

  it('may hold no name', () => {
    expect(readInstallLine('pip install -r requirements.txt')?.requirements).toEqual([]);
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
    expect(nameAndBound(text)).toEqual(parts);
  });

  it('starts with a letter or digit', () => {
    expect(nameAndBound('<b>')).toBeNull();
    expect(nameAndBound('')).toBeNull();
  });
});
