/**
 * Which balance transaction an operator may have delivered, of the money
 * that a run has found without an event.
 */
import { loadPinnedAccount } from "./account-check.ts";
import { decodeDifferenceCursor } from "./difference-cursor.ts";
import { isSameAccount } from "./pinned-account.ts";
import { loadDifference, loadRun } from "./runs-table.ts";

export type Undelivered =
  | { readonly kind: "found"; readonly transaction_id: string; readonly livemode: boolean }
  | { readonly kind: "reconciliation_not_found" }
  | { readonly kind: "difference_not_found" }
  | { readonly kind: "not_deliverable"; readonly why: string };

export function findUndelivered(
  { sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">,
  id: string,
  key: string,
): Undelivered {
  const run = loadRun(sql, id);
  if (run === null) return { kind: "reconciliation_not_found" };
  const decoded = decodeDifferenceCursor(key);
  const difference = decoded === null ? null : loadDifference(sql, id, decoded);
  if (difference === null) return { kind: "difference_not_found" };
  const { kind, transaction_id } = difference;
  if (kind !== "money_without_event" || transaction_id === null) {
    return { kind: "not_deliverable", why: "Only money without an event can be delivered." };
  }
  if (run.stripe_account !== null) {
    const why = "The money is a connected account's. Have Stripe resend its event, or book it by hand.";
    return { kind: "not_deliverable", why };
  }
  const pinned = loadPinnedAccount(kv);
  if (run.account === null || pinned === null || !isSameAccount(pinned, run.account)) {
    return {
      kind: "not_deliverable",
      why: "Nobody has confirmed that this run's Stripe account is the right one.",
    };
  }
  return { kind: "found", transaction_id, livemode: run.account.livemode };
}
