import { describe, expect, it } from "vitest";
import { fail, json } from "../../../../src/http/respond.ts";

describe("every answer", () => {
  it.each([
    ["an answer", json("req_1", 200, { ok: true })],
    ["a failure", fail("req_1", { kind: "event_not_found" })],
  ])("%s carries its request id, is never cached and is no page", (_, response) => {
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-request-id": "req_1",
      "cache-control": "no-store",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      "strict-transport-security": expect.stringContaining("max-age="),
    });
  });

  it("a status and headers of its own", () => {
    const response = json("req_1", 405, {}, { allow: "POST" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });
});

describe("a failure", () => {
  it("with details → error, code, details, request_id and nothing else", async () => {
    const response = fail("req_1", { kind: "invalid_state", state: "forwarded" });
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      error: "An event that is forwarded does not allow this.",
      code: "INVALID_STATE",
      details: { state: "forwarded" },
      request_id: "req_1",
    });
  });

  it("without details → error, code and request_id", async () => {
    const response = fail("req_1", { kind: "forbidden" });
    expect(await response.json()).toEqual({
      error: "This key may only read.",
      code: "FORBIDDEN",
      request_id: "req_1",
    });
  });

  it("with headers → they are on the answer", () => {
    expect(fail("req_1", { kind: "unauthorized" }).headers.get("www-authenticate")).toBe("Bearer");
    expect(fail("req_1", { kind: "event_object_unavailable" }).headers.get("retry-after")).toBe("5");
  });
});
