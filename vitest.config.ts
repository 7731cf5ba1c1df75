import { defineConfig } from "vitest/config";

const shared = {
  resolve: { conditions: ["@cto/source"] },
  ssr: { resolve: { conditions: ["@cto/source"] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "fast",
          include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "tools/**/*.test.ts"],
          exclude: ["**/*.slow.test.ts", "**/node_modules/**", "**/dist/**"],
          testTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: "slow",
          include: ["packages/*/src/**/*.slow.test.ts", "apps/*/src/**/*.slow.test.ts", "tools/**/*.slow.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 300_000,
        },
      },
    ],
  },
});
