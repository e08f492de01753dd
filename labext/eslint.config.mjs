import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import imports from 'eslint-plugin-import-x';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** The folders of `src` from the ground up: each may import those before it, and itself. */
const LAYERS = ['model', 'status', 'ui', 'consent', 'panel', 'plugins'];

const above = LAYERS.flatMap((layer, at) =>
  LAYERS.slice(at + 1).map(upper => ({
    target: `./src/${layer}`,
    from: `./src/${upper}`,
    message: `${layer} lies below ${upper}.`
  }))
);
const fromTests = [...LAYERS, 'index.ts'].map(place => ({ target: `./src/${place}`, from: './src/testing' }));
const siblings = [
  { target: './src/consent', from: './src/panel' },
  { target: './src/panel', from: './src/consent' }
];

export default tseslint.config(
  { ignores: ['lib', 'labextension', 'node_modules', 'src/model/wire.ts', 'src/status/invisible.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked, hooks.configs.flat['recommended-latest']],
    plugins: { 'import-x': imports },
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.test.json' })] },
    rules: {
      complexity: ['error', 10],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', 300],
      'max-params': ['error', 6],
      'no-console': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: ['src/**/*.spec.*', 'src/testing/**'] }],
      'import-x/no-restricted-paths': ['error', { zones: [...above, ...siblings] }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/prefer-readonly': 'error',
      // a signal calls its slot on the object that it was connected with
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  {
    files: LAYERS.map(layer => `src/${layer}/**`),
    ignores: ['src/**/*.spec.*'],
    rules: { 'import-x/no-restricted-paths': ['error', { zones: [...above, ...siblings, ...fromTests] }] }
  },
  {
    // in a component each optional element and each default counts as a branch
    files: ['src/**/*.tsx'],
    rules: { complexity: ['error', 18] }
  },
  {
    // a plugin is given one argument a service, and the console is where it reports what has no other place
    files: ['src/plugins/**'],
    rules: { 'max-params': 'off', 'no-console': ['error', { allow: ['warn'] }] }
  },
  {
    // doubles stand in for objects of JupyterLab, of which they have only the parts that are used
    files: ['src/**/*.spec.{ts,tsx}', 'src/testing/**'],
    rules: {
      'max-lines': ['error', 520],
      '@typescript-eslint/explicit-function-return-type': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      complexity: 'off',
      'no-control-regex': 'off'
    }
  }
);
