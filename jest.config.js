/** Three lanes: pure code, programs (conformance), the engine (end to end), each selectable by path. */
module.exports = {
  testEnvironment: "node",
  testSequencer: "<rootDir>/test/longest-first.cjs",
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdktf.out/"],
};
