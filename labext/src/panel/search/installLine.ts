/**
 * Parse an install command that was pasted into the search box: `pip install pandas "numpy>=2"`, `uv add x`, `conda install y`.
 *
 * The core has a parser of its own, and so has the kernel; `tests/data/install_lines.json` holds all three to one behaviour.
 */

/** The words of an install command. `others` are files, folders, URLs and variables; an option stands with its value. */
export interface IInstallLine {
  readonly requirements: ReadonlyArray<string>;
  readonly others: ReadonlyArray<string>;
  readonly options: ReadonlyArray<string>;
}

const PATH = String.raw`(?:\S*[/\\])?`;
const FLAGS = String.raw`(?:-\S+\s+)*`;
const PREFIXES = String.raw`(?:(?:[A-Za-z_]\w*=\S*|sudo|env|command|exec|time|nohup|call)\s+${FLAGS})*`;
const PYTHON = String.raw`(?:(?:["']?\{?sys\.executable\}?["']?|${PATH}(?:python|pypy|py)[\d.]*w?(?:\.exe)?)\s+(?:-\S+\s+)*?-m\s+)?`;
const INSTALLERS = [
  String.raw`(?:${PATH}uv(?:\.exe)?\s+)?${PATH}pip[\d.]*(?:\.exe)?\s+${FLAGS}install`,
  String.raw`${PATH}uv(?:\.exe)?\s+${FLAGS}add`,
  String.raw`${PATH}(?<conda>conda|mamba|micromamba|pixi)\s+${FLAGS}(?:install|add)`,
  String.raw`(?:poetry|pdm|pipenv|rye|juv|dep|jupyter[ -]dep)\s+${FLAGS}(?:install|add)`
].join('|');
const COMMAND = new RegExp(String.raw`^[$>!%\s]*${PREFIXES}${PYTHON}(?:${INSTALLERS})(?:\s+(?<words>.*))?$`, 's');

const REDIRECT = /^(?:\d|&)?>>?&?(?<target>.*)$/;
const OPERATORS = new Set(['&&', '||', '|', '&', ';']);
const REQUIREMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:$|[[(<>=!~;@])/;
const FILE = /\.(?:whl|tar\.gz|zip|txt|toml|in|ya?ml|ipynb)$/i;

/** Options whose value is the next word. */
const WITH_VALUE = new Set(
  `-r -c -e -i -f -t -b -C -p -P -n -G -E
  --requirement --requirements --constraint --constraints --editable --file
  --index --index-url --index-strategy --extra-index-url --default-index --find-links
  --target --build --src --root --prefix --platform --implementation --abi
  --python --python-version --python-platform --upgrade-strategy --upgrade-package
  --no-binary --only-binary --config-setting --config-settings --global-option --report
  --progress-bar --root-user-action --log --proxy --retries --timeout --exists-action
  --trusted-host --allow-insecure-host --cert --client-cert --cache-dir --use-feature
  --use-deprecated --keyring-provider --group --hash --exclude-newer --resolution
  --prerelease --override --overrides --build-constraint --build-constraints
  --reinstall-package --refresh-package --link-mode --extra --directory --project --color
  --name --channel --source --feature`.split(/\s+/)
);

/** Packages that conda calls differently. */
const CONDA_NAMES: Readonly<Record<string, string>> = {
  'matplotlib-base': 'matplotlib',
  'msgpack-python': 'msgpack',
  opencv: 'opencv-python',
  'py-opencv': 'opencv-python',
  'py-xgboost': 'xgboost',
  pytables: 'tables',
  pytorch: 'torch',
  'seaborn-base': 'seaborn'
};

/** The install command in a pasted text; null for any other text, which is something to search for. */
export function parseInstallLine(text: string): IInstallLine | null {
  const line = text
    .replace(/\\\r?\n/g, ' ')
    .replace(/^[\r\n]+/, '')
    .split(/\r?\n/)[0]!;
  const command = COMMAND.exec(line)?.groups;
  if (command === undefined) {
    return null;
  }
  const found = { requirements: [] as string[], others: [] as string[], options: [] as string[] };
  const rest = beforeOperator(splitWords(command.words ?? ''));
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const redirect = REDIRECT.exec(word)?.groups;
    if (redirect !== undefined) {
      rest.splice(0, redirect.target ? 0 : 1);
    } else if (word.startsWith('-')) {
      found.options.push([word, ...rest.splice(0, WITH_VALUE.has(word) ? 1 : 0)].join(' '));
    } else {
      addOperand(found, word, command.conda !== undefined);
    }
  }
  return found;
}

/** The words of the first of several commands: up to an operator, or a word that ends in `;`. */
function beforeOperator(words: ReadonlyArray<string>): string[] {
  const end = words.findIndex(word => OPERATORS.has(word) || word.endsWith(';'));
  const last = words[end];
  return end < 0 ? [...words] : [...words.slice(0, end), ...(OPERATORS.has(last!) ? [] : [last!.slice(0, -1)])];
}

function addOperand(found: { requirements: string[]; others: string[] }, word: string, conda: boolean): void {
  const named = conda ? fromConda(word) : word;
  const like = REQUIREMENT.test(named) && (named.includes('@') || !FILE.test(named));
  (like ? found.requirements : found.others).push(named);
}

/** `conda-forge::numpy=1.26` as `numpy==1.26.*`: in conda, one `=` means every version that begins so. */
function fromConda(word: string): string {
  const spec = word.split('::').pop()!;
  const [, name, version] = /^([A-Za-z0-9._-]+)=([0-9][0-9A-Za-z.]*)(?:\.\*)?(?:=\S*)?$/.exec(spec) ?? [];
  const bounded = name === undefined ? spec : `${name}==${version!.replace(/\.+$/, '')}.*`;
  return bounded.replace(/^[A-Za-z0-9._-]+/, bare => CONDA_NAMES[bare.toLowerCase()] ?? bare);
}

/** Splits as a shell does: quotes group, a backslash escapes, unless the text holds a Windows path. */
function splitWords(text: string): string[] {
  const bare = text.replace(/(?:^|\s+)#.*$/, '').trim();
  const escape = /\\\w/.test(bare) ? '' : String.raw`|\\(.)`;
  const piece = new RegExp(String.raw`"((?:\\["\\]|[^"])*)"|'([^']*)'${escape}|[^\s"']`, 'g');
  const unbalanced = /["']/.test(bare.replace(piece, found => (found.length > 1 ? '' : ' ')));
  if (unbalanced) {
    return bare.replace(/["']/g, ' ').split(/\s+/).filter(Boolean);
  }
  const words: string[] = [];
  let end = -1;
  for (const found of bare.matchAll(piece)) {
    const [whole, double, single, escaped] = found as RegExpMatchArray & [string, string?, string?, string?];
    const value = double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? whole;
    if (found.index === end && words.length > 0) {
      words[words.length - 1] += value;
    } else {
      words.push(value);
    }
    end = found.index + whole.length;
  }
  return words;
}
