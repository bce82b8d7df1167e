import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { accepted, refused, scriptLedger, type ScriptedLedger } from "../support/scripted-ledger.ts";
import {
  type Answer,
  deliver,
  operator,
  OLD_SECRET,
  SECRET,
  showEvent,
  storedRecord,
} from "../support/worker.ts";

/** No log line, error or answer holds a secret, a stack or the event's body. */

afterEach(() => vi.restoreAllMocks());

const PERSONAL = ["jenny.rosen@example.com", "Jenny Rosen", "pi_secret_client", "a-note-of-the-customer"];
const SECRETS = [SECRET, OLD_SECRET, env.LEDGER_ADMIN_KEY, env.SETTLE_ADMIN_KEY, "test-settle-read-key"];

function personalEvent(over: Record<string, unknown> = {}) {
  const [receipt_email, name, client_secret, description] = PERSONAL;
  return paymentIntentSucceeded({
    account_id: "acct_1",
    receipt_email,
    shipping: { name },
    client_secret,
    description,
    ...over,
  });
}

/** Every way through the service that could say too much. */
async function liveThroughEverything(ledger: ScriptedLedger): Promise<Answer[]> {
  const answers: Answer[] = [];
  const keep = async (answer: Promise<Answer>) => answers.push(await answer);
  const settled = personalEvent();
  await keep(deliver(settled));
  await keep(deliver(settled));
  await keep(deliver({ ...settled, data: { object: { ...settled.data.object, amount_received: 1 } } }));
  await keep(deliver(personalEvent({ metadata: {} })));
  await keep(deliver(settled, { header: `t=1,v1=${SECRET}` }));
  await keep(deliver(`{"id":"${PERSONAL[0]}"`));
  await keep(deliver({ ...settled, id: PERSONAL[0] }));
  await keep(deliver({ ...settled, livemode: true }));
  await keep(deliver(settled, { env: { LEDGER_ADMIN_KEY: undefined } }));
  ledger.answer(() => refused(500, "UPSTREAM", { "x-leak": PERSONAL[1] ?? "" }));
  const failed = personalEvent();
  await keep(deliver(failed));
  ledger.answer(() => {
    throw new Error(`${PERSONAL[0]} at ${env.LEDGER_ADMIN_KEY}`);
  });
  await keep(operator("POST", `/v1/admin/events/${failed.id}/retry`));
  await keep(operator("POST", `/v1/admin/events/${failed.id}/resolve`, `{"actor":"${PERSONAL[1]}`));
  await keep(showEvent(failed.id));
  await keep(operator("GET", "/v1/admin/events/evt_x", undefined, { key: SECRET }));
  return answers;
}

it("through every way of an event, nothing leaks", async () => {
  const lines: string[] = [];
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void lines.push(args.join(" ")));
  }
  vi.spyOn(Math, "random").mockReturnValue(0); // so that sampling leaves no line out
  const ledger = scriptLedger(() => accepted());
  const answers = await liveThroughEverything(ledger);

  const said = [...lines, ...answers.map((answer) => JSON.stringify([answer.body, ...answer.headers]))];
  expect(lines.length).toBeGreaterThan(answers.length);
  for (const text of said) {
    for (const forbidden of [...PERSONAL, ...SECRETS]) expect(text).not.toContain(forbidden);
    expect(text).not.toMatch(/\bat .*\.ts:\d+/);
    expect(text).not.toContain("upstream words");
  }
  // One JSON line each, with the event's id where there is one.
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
  expect(new Set(lines.map((line) => (JSON.parse(line) as { msg: string }).msg))).toEqual(
    new Set([
      "attempt",
      "delivery",
      "delivery_refused",
      "unconfigured",
      "operator_refused",
      "operator_retry",
    ]),
  );
});

it("a settled event's record holds nothing personal", async () => {
  scriptLedger(() => accepted());
  const event = personalEvent();
  await deliver(event);
  const record = JSON.stringify(await storedRecord(event.id));
  for (const forbidden of PERSONAL) expect(record).not.toContain(forbidden);
});
