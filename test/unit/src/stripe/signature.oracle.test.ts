/**
 * Against the `stripe` package, on a few thousand generated headers of named classes. Each class says what
 * both must say of it, and where the two are meant to differ, the class says so by name.
 */
import { Stripe } from "stripe";
import { describe, expect, it, vi } from "vitest";
import type { SignatureCheck } from "../../../../src/stripe/signature.ts";
import { verifyDelivery } from "../../../support/verify-delivery.ts";
import {
  AGREED,
  BYTES,
  bytes,
  type Make,
  mutated,
  type Run,
  runs,
  RUNS_PER_CLASS,
  STRICTER,
  TOLERANCE_SECONDS,
} from "./signature.cases.ts";

// The package hashes and compares the long headers slowly, and a busy machine slower.
vi.setConfig({ testTimeout: 60_000 });

const { webhooks } = new Stripe("sk_test_unused");

describe.each(Object.entries(AGREED))("agrees with the stripe package: %s", (_, [verdict, make]) => {
  it(`${verdict} by both, and by the same secret`, async () => {
    const seen = await compare(make);
    const expected =
      verdict === "verified" ? seen.map(({ run }) => run.secrets.indexOf(run.secret)) : seen.map(() => -1);
    expect(seen.map(({ theirs }) => theirs)).toEqual(expected);
    expect(seen.map(({ ours }) => indexOf(ours))).toEqual(expected);
  });
});

describe.each(Object.entries(STRICTER))("is stricter than the stripe package: %s", (_, [why, make]) => {
  it(`verified by the package, refused here: ${why}`, async () => {
    const seen = await compare(make);
    expect(seen.map(({ theirs }) => theirs)).toEqual(seen.map(({ run }) => run.secrets.indexOf(run.secret)));
    expect(seen.map(({ ours }) => ours)).toEqual(seen.map(() => ({ kind: "refused", why })));
  });
});

describe.each(Object.entries(BYTES))(
  "hashes bytes where the stripe package hashes text: a body %s",
  (_, [verdict, make]) => {
    it(`${verdict} here, the contrary by the package`, async () => {
      const seen = await compare(make);
      expect(seen.map(({ ours }) => ours.kind)).toEqual(seen.map(() => verdict));
      expect(seen.map(({ theirs }) => theirs >= 0)).toEqual(seen.map(() => verdict === "refused"));
    });
  },
);

describe("a right header with one to three random characters changed", () => {
  it("is never verified here when the stripe package refuses it", async () => {
    const seen = await compare((signed) => mutated(signed.header), 600);
    const verified = seen.filter(({ ours }) => ours.kind === "verified");
    expect(verified.map(({ ours }) => indexOf(ours))).toEqual(verified.map(({ theirs }) => theirs));
    expect(verified.length).toBeGreaterThan(0);
  });
});

describe("a header that the stripe package makes", () => {
  it("is verified here, and its event is built by the package", async () => {
    const nowMs = 1_800_000_000_000;
    const payload = JSON.stringify({ id: "evt_1", object: "event" });
    const secret = "whsec_made_by_the_package";
    const made = await webhooks.generateTestHeaderStringAsync({
      payload,
      secret,
      timestamp: nowMs / 1000,
    } as Parameters<typeof webhooks.generateTestHeaderStringAsync>[0]);
    const body = bytes(payload);
    const event = await webhooks.constructEventAsync(payload, made, secret, 300, undefined, nowMs);
    expect(event.id).toBe("evt_1");
    const check = await verifyDelivery({
      header: made,
      body,
      secrets: [secret],
      toleranceSeconds: 300,
      nowMs,
    });
    expect(check).toEqual({ kind: "verified", secretIndex: 0, signedAtSeconds: nowMs / 1000 });
  });
});

describe("the classes", () => {
  it("are generated in full, more than 3,000 headers in all, and no two alike", () => {
    const classes = [AGREED, STRICTER, BYTES].flatMap((table) =>
      Object.entries<readonly [string, Make]>(table),
    );
    let total = 0;
    for (const [name, [, make]] of classes) {
      const made = [...runs(make)];
      total += made.length;
      expect({ name, made: made.length }).toEqual({ name, made: RUNS_PER_CLASS });
      // The empty header has only one form; its deliveries still differ.
      expect(new Set(made.map((run) => run.header + run.text)).size).toBe(RUNS_PER_CLASS);
    }
    expect(total).toBeGreaterThan(3_000);
  });
});

interface Seen {
  readonly run: Run;
  readonly ours: SignatureCheck;
  /** The first secret by which the package verifies, or -1. */
  readonly theirs: number;
}

async function compare(make: Make, count = RUNS_PER_CLASS): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const run of runs(make, count)) {
    const { header, body, secrets, nowMs } = run;
    const ours = await verifyDelivery({ header, body, secrets, toleranceSeconds: TOLERANCE_SECONDS, nowMs });
    const verdicts = await Promise.all(secrets.map((secret) => verifiedByPackage(run, secret)));
    seen.push({ run, ours, theirs: verdicts.indexOf(true) });
  }
  return seen;
}

function verifiedByPackage({ body, header, nowMs }: Run, secret: string): Promise<boolean> {
  const { signature } = webhooks;
  if (signature === null) throw new Error("the stripe package came without its signature helper");
  return signature
    .verifyHeaderAsync(body, header, secret, TOLERANCE_SECONDS, undefined, nowMs)
    .catch(() => false);
}

function indexOf(check: SignatureCheck): number {
  return check.kind === "verified" ? check.secretIndex : -1;
}
