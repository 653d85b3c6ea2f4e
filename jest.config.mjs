// Jest in ES-module mode; swc strips the types (TypeScript 7 has no compiler API for ts-jest).
export default {
  testEnvironment: 'node',
  // Jest leaves one core idle by default, which on two cores is half of them.
  maxWorkers: '100%',
  // A slow machine is not a failing test: the limit only ends what hangs.
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};
