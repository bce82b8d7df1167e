import { expect, it } from "vitest";
import { concurrently } from "../../../src/concurrently.ts";

it("results come in the items' order, whoever is first", async () => {
  const results = await concurrently([30, 10, 20, 0], 2, async (ms) => {
    await new Promise((done) => setTimeout(done, ms));
    return ms;
  });
  expect(results).toEqual([30, 10, 20, 0]);
});

it.each([
  [3, 10, 3],
  [10, 3, 3],
  [4, 0, 0],
])("limit %i, %i items → at most %i at a time", async (limit, count, expected) => {
  let open = 0;
  let most = 0;
  await concurrently(Array.from({ length: count }), limit, async () => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
  });
  expect(most).toBe(expected);
});

it("one rejects → it rejects", async () => {
  const failing = concurrently([1, 2], 1, (n) =>
    n === 2 ? Promise.reject(new Error("no")) : Promise.resolve(n),
  );
  await expect(failing).rejects.toThrow("no");
});
