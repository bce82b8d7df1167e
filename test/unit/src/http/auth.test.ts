import { describe, expect, it } from "vitest";
import { refuseOperator } from "../../../../src/http/auth.ts";

const BOTH = { SETTLE_ADMIN_KEY: "admin-key", SETTLE_READ_KEY: "read-key" };

function ask(env: object, method: string, authorization?: string) {
  const headers: HeadersInit = authorization === undefined ? {} : { authorization };
  return refuseOperator(new Request("https://settle.example/v1/admin/events", { method, headers }), env);
}

const UNAUTHORIZED = { kind: "unauthorized" };
const FORBIDDEN = { kind: "forbidden" };
const WRITES = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

describe("the admin key", () => {
  it.each(["GET", "HEAD", ...WRITES])("%s → let in", async (method) => {
    expect(await ask(BOTH, method, "Bearer admin-key")).toBeNull();
  });
});

describe("the read key", () => {
  it.each(["GET", "HEAD"])("%s → let in", async (method) => {
    expect(await ask(BOTH, method, "Bearer read-key")).toBeNull();
  });

  it.each(WRITES)("%s → forbidden", async (method) => {
    expect(await ask(BOTH, method, "Bearer read-key")).toEqual(FORBIDDEN);
  });

  it("the same as the admin key → that of an admin", async () => {
    const env = { SETTLE_ADMIN_KEY: "key", SETTLE_READ_KEY: "key" };
    expect(await ask(env, "POST", "Bearer key")).toBeNull();
  });
});

describe("how the key may be written", () => {
  it.each([
    "Bearer admin-key",
    "bearer admin-key",
    "BEARER admin-key",
    "Bearer   admin-key",
    "Bearer admin-key  ",
  ])("%o → let in", async (authorization) => {
    expect(await ask(BOTH, "POST", authorization)).toBeNull();
  });

  it("a configured key with blanks around it → the key without them", async () => {
    expect(await ask({ SETTLE_ADMIN_KEY: " admin-key\n" }, "POST", "Bearer admin-key")).toBeNull();
  });
});

describe("anything else → unauthorized", () => {
  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "admin-key",
    "Basic admin-key",
    "Bearer admin-ke",
    "Bearer admin-keyy",
    "Bearer Admin-Key",
    "Bearer admin-key read-key",
    "Bearer admin-key, Bearer admin-key",
    "Bearer undefined",
    "Bearer null",
    "Token Bearer admin-key",
  ])("%o", async (authorization) => {
    for (const method of ["GET", "POST"]) {
      expect(await ask(BOTH, method, authorization)).toEqual(UNAUTHORIZED);
    }
  });

  it("a key of a kilobyte", async () => {
    expect(await ask(BOTH, "GET", `Bearer ${"x".repeat(1_024)}`)).toEqual(UNAUTHORIZED);
  });
});

describe("without configured keys every request is refused", () => {
  const NOT_CONFIGURED = { kind: "dependency_not_configured", missing: ["SETTLE_ADMIN_KEY"], invalid: [] };

  it.each([{}, { SETTLE_ADMIN_KEY: "", SETTLE_READ_KEY: "" }, { SETTLE_ADMIN_KEY: "  " }])(
    "%o → not configured, whatever is sent",
    async (env) => {
      for (const authorization of [undefined, "Bearer ", "Bearer x", "Bearer undefined"]) {
        expect(await ask(env, "GET", authorization)).toEqual(NOT_CONFIGURED);
      }
    },
  );

  it("in production, keys that could be guessed → refused as not configured, named as invalid", async () => {
    const env = { SETTLE_ENV: "production", ...BOTH };
    const invalid = ["SETTLE_ADMIN_KEY", "SETTLE_READ_KEY"];
    expect(await ask(env, "GET", "Bearer admin-key")).toEqual({ ...NOT_CONFIGURED, missing: [], invalid });
    const strong = "k".repeat(20);
    expect(await ask({ ...env, SETTLE_ADMIN_KEY: strong }, "GET", "Bearer read-key")).toEqual(UNAUTHORIZED);
    expect(await ask({ ...env, SETTLE_ADMIN_KEY: strong }, "POST", `Bearer ${strong}`)).toBeNull();
  });

  it("only the read key → reads, and no admin", async () => {
    const env = { SETTLE_READ_KEY: "read-key" };
    expect(await ask(env, "GET", "Bearer read-key")).toBeNull();
    expect(await ask(env, "POST", "Bearer read-key")).toEqual(FORBIDDEN);
    for (const given of ["Bearer ", "Bearer null", undefined]) {
      expect(await ask(env, "POST", given)).toEqual(UNAUTHORIZED);
    }
  });

  it("only the admin key → no empty read key", async () => {
    expect(await ask({ SETTLE_ADMIN_KEY: "admin-key" }, "GET", "Bearer ")).toEqual(UNAUTHORIZED);
  });
});
