/** Whether the ledger has an account: what is asked, and what each answer means. */
import { describe, expect, it } from "vitest";
import { accountOfAnswer } from "../../../../src/ledger/outcome.ts";
import { answer, error } from "./answers.ts";
import { IMPATIENT_MS, unavailable, unknown, useTestLedger } from "./server.ts";

describe("the answer", () => {
  it.each([
    ["200 with the account", 200, '{"id":"acc_1","balances":{"available":"5"}}', { kind: "found" }],
    ["404 in the ledger's own words", 404, error("NOT_FOUND"), { kind: "absent" }],
    ["404 of something else", 404, "<html>", unknown("answer_not_the_ledgers", 404)],
    ["404 without a body", 404, "", unknown("answer_not_the_ledgers", 404)],
    ["404 that was cut off", 404, null, unknown("answer_cut_off", 404)],
    ["another account", 200, '{"id":"acc_2"}', unknown("answer_not_the_ledgers", 200)],
    ["an account without an id", 200, "{}", unknown("answer_not_the_ledgers", 200)],
    ["200 with a page", 200, "<html>", unknown("answer_not_the_ledgers", 200)],
    ["200 that was cut off", 200, null, unknown("answer_cut_off", 200)],
    ["a wrong key", 401, error("UNAUTHORIZED"), unavailable(401, "UNAUTHORIZED", null)],
    ["an outage", 503, "", unavailable(503, null, null)],
    ["a redirect", 302, "", unavailable(302, null, null)],
    [
      "a refusal",
      400,
      error("INVALID_REQUEST"),
      { kind: "rejected", ledger_status: 400, ledger_code: "INVALID_REQUEST" },
    ],
  ])("%s", (_, status, body, meaning) => {
    expect(accountOfAnswer(answer({ status, body }), "acc_1")).toEqual(meaning);
  });
});

describe("the request", () => {
  const ledger = useTestLedger();

  it("asks for the account by its id, with the bearer and no body", async () => {
    ledger.respond = (response) => response.end('{"id":"acc_1"}');
    expect(await ledger.client({ baseUrl: `${ledger.origin}/api/` }).findAccount("acc_1")).toEqual({
      kind: "found",
    });
    expect(ledger.received).toMatchObject([
      { method: "GET", url: "/api/accounts/id/acc_1", headers: { authorization: "Bearer key_ledger" } },
    ]);
    expect(ledger.received[0]?.body).toHaveLength(0);
  });

  it.each([
    ["../settlements", "..%2Fsettlements"],
    ["acc_1?x=", "acc_1%3Fx%3D"],
    ["%2e%2e", "%252e%252e"],
    ["\uD800", "%EF%BF%BD"],
  ])("an id like %j → stays one segment of the path", async (id, segment) => {
    ledger.respond = (response) => response.writeHead(404).end('{"error":"none","code":"NOT_FOUND"}');
    expect(await ledger.client().findAccount(id)).toEqual({ kind: "absent" });
    expect(ledger.received.map(({ url }) => url)).toEqual([`/accounts/id/${segment}`]);
  });

  it.each(["", ".", ".."])(
    "an id %j that would name another resource → absent, nobody is asked",
    async (id) => {
      expect(await ledger.client().findAccount(id)).toEqual({ kind: "absent" });
      expect(ledger.received).toEqual([]);
    },
  );

  it("no answer in time → unknown", async () => {
    ledger.respond = () => undefined;
    expect(await ledger.client({ timeoutMs: IMPATIENT_MS }).findAccount("acc_1")).toEqual(
      unknown("timeout", null),
    );
  });

  it("a redirect is not followed: the key would go with it", async () => {
    ledger.respond = (response) => response.writeHead(302, { location: `${ledger.origin}/trap` }).end();
    expect(await ledger.client().findAccount("acc_1")).toEqual(unavailable(302, null, null));
    expect(ledger.received).toHaveLength(1);
  });
});
