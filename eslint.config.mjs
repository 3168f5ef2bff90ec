import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.local/', 'templates/sample/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      eqeqeq: 'error',
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Requests go through the pipeline of tasks/common/azure (proxy, CA, retry).' },
      ],
    },
  },
  {
    // Only the agent's side may touch the process; everything else gets what it needs through ports.
    files: ['tasks/**/*.ts'],
    ignores: ['tasks/common/agent/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Only tasks/common/agent may touch the process.' },
        { name: 'console', message: 'Write through the Log port: it neutralises and masks.' },
        { name: 'fetch', message: 'Requests go through the pipeline of tasks/common/azure (proxy, CA, retry).' },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'local/**/*.ts', 'scripts/**/*.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
        require: 'readonly',
        module: 'readonly',
      },
    },
  },
);
