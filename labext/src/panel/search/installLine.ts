/**
 * What people paste into the search box: `pip install pandas "numpy>=2"`, `uv add x`, a list of requirements.
 */

/** The requirements of a pasted line, and the options that were left out, because they say where from and not what. */
export interface IInstallLine {
  readonly requirements: ReadonlyArray<string>;
  readonly ignored: ReadonlyArray<string>;
}

const PROGRAM =
  /^\s*(?:[$>!%]\s*)*(?:sudo\s+)?(?:(?:\S*\/)?python[\d.]*\s+-m\s+)?(?:(?:uv\s+)?pip[\d.]*\s+install|(?:uv|poetry|pdm|pixi|juv|dep)\s+add|conda\s+install|mamba\s+install)(?=\s|$)/;

/** Options that take a value as the next word. */
const TAKES_VALUE = new Set([
  '-r',
  '--requirement',
  '-c',
  '--constraint',
  '-e',
  '--editable',
  '-i',
  '--index-url',
  '--extra-index-url',
  '--index',
  '--default-index',
  '-f',
  '--find-links',
  '-t',
  '--target',
  '--prefix',
  '--platform',
  '--python-version',
  '--group',
  '-n',
  '--name'
]);

/** Null for text that is no such line: then it is what somebody searches for. */
export function readInstallLine(text: string): IInstallLine | null {
  const program = PROGRAM.exec(text);
  if (program === null) {
    return null;
  }
  const requirements: string[] = [];
  const ignored: string[] = [];
  const words = split(text.slice(program[0].length));
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '&&' || word === ';' || word === '||' || word === '|' || word.startsWith('#')) {
      break;
    }
    if (word.startsWith('-')) {
      const value = TAKES_VALUE.has(word) ? words[++at] : undefined;
      ignored.push(value === undefined ? word : `${word} ${value}`);
    } else if (/^[A-Za-z0-9]/.test(word)) {
      requirements.push(word);
    } else {
      ignored.push(word);
    }
  }
  return { requirements, ignored };
}

/** A shell's words, without its other tricks: quotes group, a backslash before a line's end joins lines. */
function split(text: string): string[] {
  const words: string[] = [];
  const joined = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)[0] ?? '';
  for (const found of joined.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"';]|;(?=\S*[=<>]))+|;/g)) {
    words.push(found[0].replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ''));
  }
  return words;
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)$/s;

/** A requirement's name and the rest, `["pandas", ">=2"]`; null where it does not start like one. */
export function nameAndBound(requirement: string): readonly [string, string] | null {
  const found = NAME.exec(requirement.trim());
  return found === null ? null : [found[1]!, found[2]!.trim()];
}

/** The name as indexes compare it. */
export function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
