export type { TestDirectory, TestRepository, TestRepositoryOptions } from "./test-repository.ts";
export { createTestDirectory, createTestRepository } from "./test-repository.ts";
