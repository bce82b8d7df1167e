import { expect, it } from "vitest";
import { checkManyAtOnce } from "../support/signatures-at-once.ts";

/**
 * All else about signatures needs no workerd; but here it is workerd's
 * WebCrypto that must copy what it is given.
 */

it("many bodies checked at once → none is taken for another", async () => {
  const { wanted, found } = await checkManyAtOnce();
  expect(found).toEqual(wanted);
});
