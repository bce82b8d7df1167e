/** What the ledger was sent: one payload under one key per event, and nothing without an event. */
import type { Evidence } from "../evidence.ts";
import type { Disagree } from "./disagreement.ts";

const KEY_PREFIX = "stripe:event:";

export function checkRequests({ events, views, requests }: Evidence, disagree: Disagree): void {
  requests.forEach(({ seq }, n) => {
    const before = requests[n - 1]?.seq ?? 0;
    if (seq !== before + 1) disagree(`request ${seq}`, "comes after a gap in the log");
  });
  const ofKey = Map.groupBy(requests, ({ idempotency_key }) => idempotency_key);
  for (const event of events) {
    const sent = ofKey.get(KEY_PREFIX + event.id) ?? [];
    ofKey.delete(KEY_PREFIX + event.id);
    const view = views.get(event.id);
    const payloads = new Set(sent.map(({ body_sha256 }) => body_sha256));
    if (payloads.size > 1) disagree(event.id, `was sent to the ledger with ${payloads.size} payloads`);
    const recorded = view?.evidence.payload_sha256 ?? null;
    if (sent.length > 0 && !payloads.has(String(recorded))) {
      disagree(event.id, "was sent with other bytes than those on record");
    }
    if (view?.state === "forwarded" && sent.length === 0)
      disagree(event.id, "is forwarded, and was never sent");
    const mayBeSent = event.movement !== null && event.heldFor === null;
    if (!mayBeSent && sent.length > 0) disagree(event.id, "moves no money, and was sent");
    if (sent.length > (view?.attempts ?? 0)) {
      disagree(event.id, `was sent ${sent.length} times in ${view?.attempts ?? 0} attempts`);
    }
  }
  for (const key of ofKey.keys()) disagree(`key ${key}`, "was used, and no event has it");
}
