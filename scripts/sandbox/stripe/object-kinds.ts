/**
 * Which of Stripe's objects can be asked for, and by what parameters. Anything
 * else is refused, as Stripe does. Pure.
 */
import { missingParameter, notAnInteger, notExpandable, type Problem, unknownParameter } from "./problem.ts";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;
const RANGE = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

export interface ObjectKind {
  readonly object: string;
  /** Parameter → the column or expression that must equal it. */
  readonly filters: Readonly<Record<string, string>>;
  /** Fields that are ids, unless the request expands them. */
  readonly references: readonly string[];
}

/** By path below `/v1/`. */
export const OBJECT_KINDS: Readonly<Record<string, ObjectKind>> = {
  "checkout/sessions": {
    object: "checkout.session",
    filters: {
      payment_intent: "payment",
      customer: at("customer"),
      subscription: at("subscription"),
      status: at("status"),
    },
    references: ["customer", "invoice", "payment_intent", "payment_link", "subscription"],
  },
  invoice_payments: {
    object: "invoice_payment",
    filters: {
      "payment[payment_intent]": "payment",
      "payment[type]": at("payment.type"),
      invoice: at("invoice"),
      status: at("status"),
    },
    references: ["invoice", "payment.charge", "payment.payment_intent"],
  },
  customers: { object: "customer", filters: { email: at("email") }, references: [] },
  payment_intents: {
    object: "payment_intent",
    filters: { customer: at("customer") },
    references: ["customer", "latest_charge", "payment_method"],
  },
  balance_transactions: {
    object: "balance_transaction",
    filters: { source: at("source"), type: at("type"), currency: at("currency") },
    references: ["source"],
  },
};

export interface ListQuery {
  readonly limit: number;
  readonly conditions: readonly string[];
  readonly params: readonly (string | number)[];
  readonly startingAfter: string | null;
  readonly expand: readonly string[];
}

export function readListQuery(kind: ObjectKind, query: string): ListQuery | Problem {
  const conditions: string[] = [];
  const params: (string | number)[] = [];
  const expand: string[] = [];
  let limit = DEFAULT_LIMIT;
  let startingAfter: string | null = null;
  const given = new URLSearchParams(query);
  for (const [name, value] of given) {
    const filter = kind.filters[name];
    const [, operator] = /^created(?:\[(gte?|lte?)\])?$/.exec(name) ?? [];
    if (filter !== undefined) {
      // Stripe finds no balance transactions by a dispute: it has them only in the dispute itself.
      const isDispute = name === "source" && /^(du|dp)_/.test(value);
      conditions.push(isDispute ? "? IS NULL" : `${filter} = ?`);
      params.push(value);
    } else if (name === "created" || operator !== undefined) {
      if (!/^\d{1,12}$/.test(value)) return notAnInteger(name, value);
      conditions.push(`created ${operator === undefined ? "=" : RANGE[operator as keyof typeof RANGE]} ?`);
      params.push(Number(value));
    } else if (name === "limit") {
      if (!/^\d{1,12}$/.test(value)) return notAnInteger(name, value);
      limit = Number(value);
      if (limit < 1 || limit > MAX_LIMIT) return notAnInteger(name, value);
    } else if (name === "starting_after") {
      startingAfter = value;
    } else if (/^expand\[\d*\]$/.test(name)) {
      const field = kind.references.find((reference) => value === `data.${reference}`);
      if (field === undefined) return notExpandable(value);
      expand.push(field);
    } else {
      return unknownParameter(name);
    }
  }
  if (given.has("payment[payment_intent]") && !given.has("payment[type]"))
    return missingParameter("payment[type]");
  return { limit, conditions, params, startingAfter, expand };
}

/** The fields to expand. */
export function readObjectQuery(kind: ObjectKind, query: string): readonly string[] | Problem {
  const expand: string[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (!/^expand\[\d*\]$/.test(name)) return unknownParameter(name);
    if (!kind.references.includes(value)) return notExpandable(value);
    expand.push(value);
  }
  return expand;
}

/** A field's text; of an object in its place, its id. */
function at(path: string): string {
  return `COALESCE(json_extract(body, '$.${path}.id'), json_extract(body, '$.${path}'))`;
}
