/**
 * Whose key it is, and whether it may act for the run's connected account, before a run does anything; and by
 * whom that account is pinned: by an operator who confirms a dry run, or by an operator's own run that is
 * none.
 */
import { isSameAccount, type OwnAccount, type PinnedAccount, storedAccount } from "./pinned-account.ts";
import type { AccountOutcome, AuditPorts } from "./ports.ts";
import { viewOf } from "./report.ts";
import type { RunView } from "./report-schema.ts";
import { type Finished, finish, type Running } from "./run.ts";
import { loadRun } from "./runs-table.ts";
import { START_OF_LIST } from "./list-position.ts";
import type { OwnAccountAnswer } from "../stripe-api/port.ts";
import { withoutPage } from "./without-page.ts";

const ACCOUNT_KEY = "account";

/** null: none is pinned yet. */
export function loadPinnedAccount(kv: SyncKvStorage): PinnedAccount | null {
  const stored = kv.get(ACCOUNT_KEY);
  return stored === undefined ? null : storedAccount.parse(stored);
}

function pin(kv: SyncKvStorage, { id, livemode }: OwnAccount, actor: string | null, now: number): void {
  const account: PinnedAccount = { id, livemode, actor, pinned_at: now };
  kv.put(ACCOUNT_KEY, storedAccount.stamp(account));
}

export async function askAccount(ports: AuditPorts): Promise<AccountOutcome> {
  const own = await ports.money.findOwnAccount();
  if (own.kind !== "found") return withoutAnswer(own, ports);
  const { account } = own;
  if (!ports.settlesMode(account.livemode)) return { kind: "failed", error: "livemode_mismatch" };
  const connected = await ports.money.findConnectedAccount();
  if (connected.kind === "found") return { kind: "account", account };
  return connected.kind === "unavailable"
    ? withoutAnswer(connected, ports)
    : { kind: "failed", error: connected.kind };
}

function withoutAnswer(
  answer: Exclude<OwnAccountAnswer, { kind: "found" }>,
  { now }: Pick<AuditPorts, "now">,
): AccountOutcome {
  // There is no list, so there is no position to lose.
  const outcome = withoutPage(answer, START_OF_LIST, now());
  return outcome.kind === "reposition" ? { kind: "failed", error: "stripe_rejected" } : outcome;
}

/**
 * One turn. The run as it goes on, or ended: the key is of another account
 * than the pinned one, or than before.
 */
export function acceptAccount(
  kv: SyncKvStorage,
  run: Running,
  account: OwnAccount,
  now: number,
): Running | Finished {
  const pinned = loadPinnedAccount(kv);
  const known = pinned ?? run.account;
  if (known !== null && !isSameAccount(known, account)) {
    return finish({ ...run, account }, { status: "failed", error: "other_stripe_account" }, now);
  }
  const pins = pinned === null && run.origin === "operator" && !run.dry_run;
  if (pins) pin(kv, account, run.actor, now);
  const onlyReports = pinned === null && !pins;
  return {
    ...run,
    account,
    dry_run: run.dry_run || onlyReports,
    failures: 0,
    last_failure: null,
    next_try_at: null,
  };
}

export type ConfirmReply =
  | { readonly kind: "confirmed"; readonly run: RunView }
  | { readonly kind: "not_found" }
  | { readonly kind: "not_confirmable"; readonly why: string };

/** One turn. Confirming the pinned account again changes nothing. */
export function confirmAccount(
  { sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">,
  id: string,
  actor: string,
  now: number,
): ConfirmReply {
  const run = loadRun(sql, id);
  if (run === null) return { kind: "not_found" };
  if (!run.dry_run || run.status !== "complete" || run.account === null) {
    return { kind: "not_confirmable", why: "Only a complete dry run can be confirmed." };
  }
  const pinned = loadPinnedAccount(kv);
  if (pinned !== null && !isSameAccount(pinned, run.account)) {
    return { kind: "not_confirmable", why: "Another Stripe account is pinned already." };
  }
  if (pinned === null) pin(kv, run.account, actor, now);
  return { kind: "confirmed", run: viewOf(run) };
}
