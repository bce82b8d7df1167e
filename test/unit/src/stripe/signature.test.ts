import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkHeader } from "../../../../src/stripe/signature.ts";
import { type SignedDelivery, verifyDelivery } from "../../../support/verify-delivery.ts";
import { checkManyAtOnce } from "../../../support/signatures-at-once.ts";

const T = 1_800_000_000;
const BODY = new TextEncoder().encode('{"id":"evt_1"}');

afterEach(() => {
  vi.restoreAllMocks();
});

describe("several signing secrets, as while one is rolled", () => {
  const secrets = ["whsec_new", "whsec_old", "whsec_older"];

  it.each(secrets.map((secret, index) => [index, secret] as const))(
    "signed by secret %i only → verified by that one",
    async (index, secret) => {
      expect(await verify({ secrets, header: headerBy([secret]) })).toMatchObject({ secretIndex: index });
    },
  );

  it("signed by all, in the other order → verified by the first that is configured", async () => {
    expect(await verify({ secrets, header: headerBy(secrets.toReversed()) })).toEqual({
      kind: "verified",
      secretIndex: 0,
      signedAtSeconds: T,
    });
  });

  it("signed by a secret that is configured no more → no_match", async () => {
    expect(await verify({ secrets, header: headerBy(["whsec_retired"]) })).toEqual(refused("no_match"));
  });

  it("a blank secret before the right one → skipped, and the positions stay", async () => {
    const check = await verify({ secrets: ["", "whsec_new"], header: headerBy(["whsec_new"]) });
    expect(check).toMatchObject({ kind: "verified", secretIndex: 1 });
  });

  it("more secrets than are cached → each still verifies, and again", async () => {
    const lots = Array.from({ length: 40 }, (_, i) => `whsec_${i}`);
    for (const secret of [...lots, ...lots]) {
      const check = await verify({ secrets: lots, header: headerBy([secret]) });
      expect(check).toMatchObject({ kind: "verified", secretIndex: lots.indexOf(secret) });
    }
  });
});

describe("secrets that everybody knows", () => {
  it.each(["", " ", "\t\n"])(
    "signed with the blank secret %j, which is configured → no_match",
    async (secret) => {
      expect(await verify({ secrets: [secret], header: headerBy([secret]) })).toEqual(refused("no_match"));
    },
  );

  it("no secret configured → no_match", async () => {
    expect(await verify({ secrets: [] })).toEqual(refused("no_match"));
  });
});

describe("reasons", () => {
  it.each([
    [null, "header_missing"],
    ["", "header_missing"],
    [" ", "header_malformed"],
    [`v1=${"a".repeat(64)}`, "header_malformed"],
    [`t=1800000000000000,v1=${"a".repeat(64)}`, "header_malformed"],
    [`t=${T}`, "v1_missing"],
    [`t=${T},v0=${"a".repeat(64)}`, "v1_missing"],
    [`t=${T},v1=`, "header_malformed"],
    [`t=${T},v1=nothex`, "no_match"],
    [`t=${T},v1=${"a".repeat(64)}`, "no_match"],
    [`t=${T - 301},v1=${"a".repeat(64)}`, "timestamp_outside_tolerance"],
  ] as const)("%s → %s", async (header, why) => {
    expect(await verify({ header })).toEqual(refused(why));
  });
});

describe("before the body is read", () => {
  const check = (header: string | null) => checkHeader(header, { toleranceSeconds: 300, nowMs: T * 1000 });

  it("everything but whether the bytes are the signed ones is known", () => {
    expect(check(null)).toEqual(refused("header_missing"));
    expect(check("t=1")).toEqual(refused("v1_missing"));
    expect(check(`t=${T - 301},v1=${"a".repeat(64)}`)).toEqual(refused("timestamp_outside_tolerance"));
    expect(check(`t=${T},v1=nothex`)).toEqual(refused("no_match"));
    expect(check(`t=${T},v1=nothex,v1=${"ab".repeat(32)}`)).toEqual({
      kind: "header",
      signedAtSeconds: T,
      signatures: [new Uint8Array(32).fill(0xab)],
    });
  });
});

describe("the tolerance", () => {
  it.each([
    [300, 0, "verified"],
    [300, 300_999, "verified"],
    [300, 301_000, "refused"],
    [300, -300_000, "verified"],
    [300, -300_001, "refused"],
    [0, 999, "verified"],
    [0, 1_000, "refused"],
    [0, -1, "refused"],
    [-1, 0, "refused"],
    [Number.NaN, 0, "refused"],
    [300, Number.NaN, "refused"],
  ] as const)("%d s, checked %d ms after signing → %s", async (toleranceSeconds, ms, kind) => {
    expect(await verify({ toleranceSeconds, nowMs: T * 1000 + ms })).toMatchObject({ kind });
  });
});

describe("what a forger can make it cost", () => {
  it("2,000 signatures and two secrets → two HMACs", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    const header = `t=${T}${`,v1=${"b".repeat(64)}`.repeat(2_000)}`;
    expect(await verify({ header, secrets: ["whsec_a", "whsec_b"] })).toEqual(refused("no_match"));
    expect(sign).toHaveBeenCalledTimes(2);
  });

  it.each([
    ["malformed", "t=x,v1=y"],
    ["stale", `t=1,v1=${"b".repeat(64)}`],
    ["no signature that could be right", `t=${T},v1=zz`],
  ])("%s → no HMAC", async (_, header) => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    expect((await verify({ header })).kind).toBe("refused");
    expect(sign).not.toHaveBeenCalled();
  });

  it("the same secret again → its key is imported once", async () => {
    const importKey = vi.spyOn(crypto.subtle, "importKey");
    const secrets = ["whsec_imported_once"];
    for (let i = 0; i < 5; i++) await verify({ secrets, header: headerBy(secrets) });
    expect(importKey).toHaveBeenCalledTimes(1);
  });
});

describe("the body", () => {
  it("is a view into a larger buffer → only the view is hashed, and left as it is", async () => {
    const larger = new Uint8Array(BODY.length + 20).fill(7);
    larger.set(BODY, 10);
    const body = larger.subarray(10, 10 + BODY.length);
    const before = larger.slice();
    expect(await verify({ body })).toMatchObject({ kind: "verified" });
    expect(larger).toEqual(before);
  });

  it("is 1 MiB → verified", async () => {
    const body = new Uint8Array(1024 * 1024).fill(0x20);
    expect(await verify({ body, header: headerBy(["whsec_1"], body) })).toMatchObject({ kind: "verified" });
  });

  it("is one of many that are checked at once → none is taken for another", async () => {
    const { wanted, found } = await checkManyAtOnce();
    expect(found).toEqual(wanted);
  });
});

describe("anything", () => {
  const part = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("t", "v1", "=", ",", `t=${T}`, `v1=${"a".repeat(64)}`, "v0=", " "),
  );

  it("never throws, and verifies nothing that was not signed", async () => {
    const header = fc.oneof(
      fc.constant(null),
      fc.array(part).map((parts) => parts.join(",")),
      part,
    );
    const secrets = fc.array(fc.string({ unit: "binary" }), { maxLength: 3 });
    const anything = fc.record({
      header,
      body: fc.uint8Array(),
      secrets,
      toleranceSeconds: fc.double(),
      nowMs: fc.oneof(fc.double(), fc.constant(T * 1000)),
    });
    await fc.assert(
      fc.asyncProperty(anything, async (delivery) => {
        expect((await verifyDelivery(delivery)).kind).toBe("refused");
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

function verify(delivery: Partial<SignedDelivery>) {
  return verifyDelivery({
    header: headerBy(["whsec_1"]),
    body: BODY,
    secrets: ["whsec_1"],
    toleranceSeconds: 300,
    nowMs: T * 1000,
    ...delivery,
  });
}

function headerBy(secrets: readonly string[], body: Uint8Array = BODY): string {
  const signatures = secrets.map((secret) => {
    const hmac = createHmac("sha256", secret).update(`${T}.`).update(body);
    return `v1=${hmac.digest("hex")}`;
  });
  return [`t=${T}`, ...signatures].join(",");
}

function refused(why: string) {
  return { kind: "refused", why };
}
