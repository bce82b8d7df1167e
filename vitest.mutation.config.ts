import { defineConfig } from "vitest/config";

/** The unit tests alone: what they do not notice, nobody notices within a second. */
export default defineConfig({
  test: { name: "unit", include: ["test/unit/**/*.test.ts"], silent: true, provide: { isProof: true } },
});
