import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const restricted = {
  only: {
    selector: "MemberExpression[object.name='test'][property.name='only']",
    message: 'Leaves all other specs of the file out.',
  },
  skip: {
    selector: "MemberExpression[object.name='test'][property.name=/^(skip|todo|failing)$/]",
    message:
      'A spec runs or does not exist; those that need a real server are registered by spec/_helpers/servers/services.ts.',
  },
};

export default defineConfig(
  globalIgnores(['dist', 'coverage', 'docs']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Crashes on the types of winston.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Would ask for `!`, which strictTypeChecked forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Index access by a literal name on process.env and records: noPropertyAccessFromIndexSignature asks for it.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Methods of a port are async so that what they throw is a rejection, with or without something to await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['scripts/**', 'source/cli/**', 'spec/**'], rules: { 'no-console': 'off' } },
  { files: ['spec/**'], rules: { 'no-restricted-syntax': ['error', restricted.only, restricted.skip] } },
  // Specs of types compare them by functions that are never called.
  {
    files: ['spec/**'],
    rules: {
      // State that others change while a spec waits, functions taken off their objects, and odd things thrown are what specs are about.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  {
    files: ['spec/types/**'],
    rules: {
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // What TypeScript cannot see, and what it refuses, are what these specs are about.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
    },
  },
  {
    files: ['spec/_helpers/servers/services.ts'],
    rules: { 'no-restricted-syntax': ['error', restricted.only] },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'writable', process: 'readonly' } },
  },
);
