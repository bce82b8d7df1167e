/** A page of the ledger's list of settlements (docs/contracts.md). Pure. */
import { z } from "zod";
import { eventId, id, isSuccess, type LedgerAnswer, parseJson, refusalOf, unknown } from "./outcome.ts";
import type { ListedSettlement, SettlementPage } from "./port.ts";

const time = z.iso.datetime({ offset: true });
const timeOrNull = time.nullish().transform((value) => value ?? null);
const text = id
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);

/** Whatever the ledger may hold: one strange row must not hide all others. */
const long = z.string().min(1).max(512);

const listed = z
  .object({
    id,
    external_payment_id: long,
    direction: id,
    status: id,
    account_id: long,
    amount_minor: z.string().regex(/^[0-9]{1,40}$/),
    currency: z.string().regex(/^[A-Z]{3}$/),
    latest_event_id: eventId,
    settled_at: timeOrNull,
    provider_created_at: timeOrNull,
    created_at: time,
    metadata: z.object({ stripe_account: text, stripe_balance_transaction: text }).nullish().catch(null),
  })
  .transform(({ metadata, ...settlement }): ListedSettlement => ({
    ...settlement,
    stripe_account: metadata?.stripe_account ?? null,
    stripe_balance_transaction: metadata?.stripe_balance_transaction ?? null,
  }));
const page = z.object({ settlements: z.array(listed), next_cursor: z.string().min(1).nullish() });

/** `cursor`: as it was asked. A page that leads nowhere, or backwards in time, is not the ledger's. */
export function pageOfAnswer(answer: LedgerAnswer, cursor: string | null): SettlementPage {
  if (!isSuccess(answer.status)) return refusalOf(answer);
  if (answer.body === null) return unknown("answer_cut_off", answer.status);
  const body = page.safeParse(parseJson(answer.body));
  if (!body.success) return unknown("answer_not_the_ledgers", answer.status);
  const { settlements, next_cursor = null } = body.data;
  const times = settlements.map(({ created_at }) => Date.parse(created_at));
  const isNewestFirst = times.every((at, i) => i === 0 || at <= (times[i - 1] ?? at));
  const leadsOn = next_cursor === null || (settlements.length > 0 && next_cursor !== cursor);
  if (!isNewestFirst || !leadsOn) return unknown("answer_not_the_ledgers", answer.status);
  return { kind: "page", settlements, next_cursor };
}
