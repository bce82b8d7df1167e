import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CURRENCY_NOT_SETTLED } from "../../../../src/event/record.ts";
import {
  adviceFor,
  describeReason,
  outcomeLabel,
  triggerLabel,
  waitLabel,
} from "../../../../src/console/labels.ts";
import { questionSchema } from "../../../../src/settlement/questions.ts";

const mapping = readFileSync("docs/mapping.md", "utf8");

describe("describeReason", () => {
  it("knows every reason that docs/mapping.md explains", () => {
    const tables = mapping.slice(
      mapping.indexOf("## Why an event is ignored"),
      mapping.indexOf("## The order of the checks"),
    );
    const reasons = [...tables.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, reason]) => reason as string);
    expect(reasons.length).toBeGreaterThan(14);
    expect(reasons.filter((reason) => describeReason(reason) === null)).toEqual([]);
  });

  it.each(["rejected", "unavailable", "unknown", "unproven", "busy"])("knows ledger_%s", (outcome) => {
    expect(describeReason(`ledger_${outcome}`)).not.toBeNull();
  });

  it.each(["retry_horizon_reached", "movement_resolved", CURRENCY_NOT_SETTLED])("knows %s", (reason) => {
    expect(describeReason(reason)).not.toBeNull();
  });

  it("names the event that covers the same money", () => {
    expect(describeReason("covered_by:refund.created")).toContain("of type refund.created reports");
  });

  it.each([null, "", "something_new", "constructor", "__proto__"])("%s → null", (reason) => {
    expect(describeReason(reason)).toBeNull();
  });
});

describe("adviceFor", () => {
  const error = (ledger_status: number | null, ledger_code: string | null) => ({
    code: "LEDGER_INGEST_FAILED",
    message: "",
    ledger_status,
    ledger_code,
  });

  it("each code of the ledger that the runbook explains", () => {
    for (const code of [
      "NOT_FOUND",
      "ACCOUNT_NOT_RESOLVED",
      "COUNTERPART_NOT_FOUND",
      "STRIPE_API_UNAVAILABLE",
      "INSUFFICIENT_FUNDS",
      "DUPLICATE_CONFLICT",
      "INVALID_STATUS_TRANSITION",
      "IDEMPOTENCY_KEY_REUSED",
    ]) {
      expect(adviceFor(error(409, code))).not.toBeNull();
    }
  });

  it("401 and 403 without a code → the key", () => {
    expect(adviceFor(error(401, null))).toContain("LEDGER_ADMIN_KEY");
    expect(adviceFor(error(403, null))).toContain("LEDGER_ADMIN_KEY");
  });

  it.each([
    [503, null],
    [500, "toString"],
    [null, null],
  ])("%s %s → none", (status, code) => {
    expect(adviceFor(error(status, code))).toBeNull();
  });
});

it.each(questionSchema.options.map(({ shape }) => shape.kind.value))(
  "a wait for %s has its words",
  (what) => {
    expect(waitLabel({ what, id: null })).toMatch(/^(the |Stripe's API)/);
  },
);

describe("outcomes and triggers", () => {
  it("unknown ones are shown as they are", () => {
    expect([outcomeLabel("constructor"), triggerLabel("toString")]).toEqual(["constructor", "toString"]);
    expect([outcomeLabel("accepted"), triggerLabel("alarm")]).toEqual([
      "The ledger accepted",
      "by its own alarm",
    ]);
  });
});
