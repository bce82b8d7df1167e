/**
 * 1.0.0 and today's version call each other, whichever runs the Worker and whichever the objects: each call
 * is answered as agreed, or with 503; nothing is lost, and nothing is booked twice.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDid, ledgerClient, newAccount } from "../../scripts/sandbox/clients/ledger.ts";
import { sandboxClient } from "../../scripts/sandbox/clients/sandbox-ledger.ts";
import { at, type HttpClient, httpClient } from "../../scripts/lib/http.ts";
import { pollUntil } from "../../scripts/lib/poll.ts";
import { accountIdOf } from "../../scripts/lib/account-id.ts";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { isProof } from "../support/effort.ts";
import { bothScripts, type Mixture, MIXTURES, type Scripts, startMixed } from "../support/mixed-versions.ts";
import { LEDGER_KEY, type StartedLedger, startSandboxLedger } from "../support/started-sandbox-ledger.ts";
import { useSandboxStripe } from "../support/started-sandbox-stripe.ts";

const WAIT = { timeoutMs: 20_000, everyMs: 100 };

const stripe = useSandboxStripe();
let scripts: Scripts;
let ledgerWorker: StartedLedger;
let http: HttpClient;
beforeAll(async () => {
  scripts = await bothScripts(await mkdtemp(join(tmpdir(), "mixed-")));
  ledgerWorker = await startSandboxLedger("atomic");
  http = httpClient();
});
afterAll(async () => {
  await http.close();
  await ledgerWorker.dispose();
});

/** In `npm test`: the Worker of one version, all objects of the other; and the index alone left behind. */
const CHOSEN = isProof
  ? MIXTURES
  : MIXTURES.filter(({ worker, events, reconciler }) => worker !== events && events === reconciler);

function titleOf({ worker, events, index, reconciler }: Mixture): string {
  return `Worker ${worker}, events ${events}, index ${index}, Reconciler ${reconciler}`;
}

describe.each(CHOSEN.map((mixture) => ({ mixture, title: titleOf(mixture) })))("$title", ({ mixture }) => {
  it("deliver, replay, look, list, retry, reconcile → as agreed or 503; each payment is booked once", async () => {
    const access = { http, baseUrl: ledgerWorker.url, adminKey: LEDGER_KEY };
    const [ledger, sandbox] = [ledgerClient(access), sandboxClient(access)];
    const folder = await mkdtemp(join(tmpdir(), "mixed-"));
    const mixed = await startMixed(scripts, mixture, {
      folder,
      ledger: ledgerWorker.url,
      stripe: stripe.base,
    });
    try {
      const { clawsettle, call } = mixed;
      const post = (path: string, body: object) => call("POST", path, JSON.stringify(body));
      const send = (event: object) => clawsettle.deliver({ body: JSON.stringify(event) });
      const account = await newAccount(ledger, "mixed");
      const did = freshDid("late");
      const paid = paymentIntentSucceeded({ account_id: account, amount: 100 });
      const late = paymentIntentSucceeded({ account_id: accountIdOf(did), amount: 10 });
      const created = Math.floor(Date.now() / 1_000) - 60;
      const lost = paymentIntentSucceeded({ account_id: account, amount: 7 }, { created });
      const nobodys = paymentIntentSucceeded({ amount: 5 });

      expect(await send(paid)).toMatchObject({ status: 200, body: { state: "forwarded", deduped: false } });
      expect(await send(paid)).toMatchObject({ status: 200, body: { state: "forwarded", deduped: true } });
      expect(await send(nobodys)).toMatchObject({ status: 200, body: { error_code: "EVENT_UNMAPPABLE" } });
      expect(await send(late)).toMatchObject({ status: 502, body: { details: { retry_scheduled: true } } });
      expect(await clawsettle.event(paid.id)).toMatchObject({ state: "forwarded" });
      // 1.0.0's index does not know today's question, and today's Worker says so.
      const isRefused = mixture.worker === "today" && mixture.index === "1.0.0";
      const all = [paid.id, late.id, nobodys.id];
      const listed = await pollUntil("all to be listed", WAIT, async () => {
        const { status, body } = await call("GET", "/v1/admin/events");
        const rows = status === 200 ? (at(body, "events") as readonly { readonly event_id: string }[]) : [];
        const ids = new Set(rows.map(({ event_id }) => event_id));
        return status !== 200 || all.every((id) => ids.has(id)) ? status : null;
      });
      expect(listed).toBe(isRefused ? 503 : 200);

      await ledger.createAccount(did);
      const retried = await post(`/v1/admin/events/${late.id}/retry`, { actor: "ana" });
      expect(retried).toMatchObject({ status: 200, body: { state: "forwarded" } });

      // How it is answered is not agreed: see docs/deployment.md.
      await post(`/v1/admin/events/${nobodys.id}/resolve`, { actor: "ana", note: "paid by hand" });
      expect(await clawsettle.event(nobodys.id)).toMatchObject({ state: "resolved" });

      await stripe.call("POST", "/sandbox/events", { events: [lost] });
      const window = { from: isoAt(Date.now() - 3_600_000), to: isoAt(Date.now()) };
      const begun = await post("/v1/admin/reconciliations", { ...window, dry_run: false, actor: "ana" });
      expect(begun.status).toBe(202);
      const path = `/v1/admin/reconciliations/${String(at(begun.body, "id"))}`;
      // Its index out of reach, a run of today's waits: for as long as the deploy takes.
      const waits = mixture.reconciler === "today" && mixture.index === "1.0.0";
      const report = await pollUntil("the run to end, or to wait", WAIT, async () => {
        const { body } = await call("GET", path);
        const isWaiting = at(body, "progress", "phase") === "backing_off";
        return at(body, "status") === "running" && !(waits && isWaiting) ? null : body;
      });
      const status = waits ? "running" : "complete";
      expect(report).toMatchObject({ status, counts: { backfilled: 1 } });
      expect(await send(lost)).toMatchObject({ status: 200, body: { state: "forwarded", deduped: true } });

      const { accounts } = await sandbox.audit();
      const held = (id: string) => accounts.find(({ account_id }) => account_id === id)?.held;
      expect([held(account), held(accountIdOf(did))]).toEqual([{ USD: "107" }, { USD: "10" }]);
    } finally {
      await mixed.stop();
    }
  });
});

function isoAt(ms: number): string {
  return new Date(ms).toISOString();
}
