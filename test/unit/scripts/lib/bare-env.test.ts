import { expect, it } from "vitest";
import { bareEnv } from "../../../../scripts/lib/bare-env.ts";

it("keys, ports and settings of the shell are there → a child gets none of them, and finds its programs", () => {
  expect(process.env).toMatchObject({ LEDGER_ADMIN_KEY: expect.any(String), CLOUDFLARE_ENV: "production" });
  const names = Object.keys(bareEnv());
  expect(names).toContain("PATH");
  expect(names.filter((name) => !["PATH", "HOME", "TMPDIR"].includes(name))).toEqual([]);
});
