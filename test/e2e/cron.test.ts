/** The cron of a started stack: the local runtime would never run it by itself. */
import { expect, it } from "vitest";
import { at } from "../../scripts/lib/http.ts";
import { pollUntil } from "../../scripts/lib/poll.ts";
import { isFree } from "../../scripts/sandbox/stack/ports.ts";
import { startTestStack } from "./support.ts";

it("a stack started with its cron → soon swept, and the hourly reconciliation is on; stopped, it is gone", async () => {
  const { stack, http, env, stop } = await startTestStack({}, { withStripe: true, cron: true });
  const url = new URL("/v1/admin/stats", stack.clawsettleUrl);
  const headers = { authorization: `Bearer ${env["SETTLE_ADMIN_KEY"]}` };
  try {
    await pollUntil("the cron's first run", { timeoutMs: 20_000, everyMs: 100 }, async () => {
      const { body } = await http.send({ method: "GET", url, headers });
      return typeof at(body, "reconciliation", "since") === "string" ? body : null;
    });
    await pollUntil("its sweep", { timeoutMs: 20_000, everyMs: 100 }, async () => {
      return (await stack.logTail()).includes('"msg":"sweep"') ? true : null;
    });
  } finally {
    await stop();
  }
  expect(await isFree(Number(stack.clawsettleUrl.port))).toBe(true);
});
