/**
 * The least that a Worker of this shape can do: verify the signature, find the event's object, record it and
 * set the alarm, ask the ledger, record its answer, reply. It checks nothing else, logs nothing and recovers
 * from nothing.
 *
 * With `LANE` set the request goes through an object of its account, one after the other, each with a mark on
 * disk. With `INDEX` set it also publishes a row after its reply, and then moves its alarm. Both as the
 * product does.
 */
import { DurableObject } from "cloudflare:workers";

interface FloorEnv {
  readonly EVENT: DurableObjectNamespace<FloorEvent>;
  readonly ROWS: DurableObjectNamespace<FloorIndex>;
  readonly LANES: DurableObjectNamespace<FloorLane>;
  readonly SIGNING_SECRET: string;
  readonly LEDGER_BASE_URL: string;
  readonly INDEX?: string;
  readonly LANE?: string;
}

interface StripeEvent {
  readonly id: string;
  readonly data: {
    readonly object: { readonly id: string; readonly metadata: { readonly account_id: string } };
  };
}

interface Stored {
  readonly payload: string;
  readonly settlement_id: string | null;
}

const ALARM_IN_MS = 30 * 86_400_000;
const INDEX_SHARDS = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let key: CryptoKey | null = null;

export default {
  async fetch(request, env) {
    const body = new Uint8Array(await request.arrayBuffer());
    if (!(await verifies(request.headers.get("stripe-signature") ?? "", body, env.SIGNING_SECRET))) {
      return new Response(null, { status: 401 });
    }
    const { id, data } = JSON.parse(decoder.decode(body)) as StripeEvent;
    const { id: payment, metadata } = data.object;
    const answer = await env.EVENT.getByName(id).deliver(
      id,
      metadata.account_id,
      JSON.stringify({ payment }),
    );
    return Response.json(answer);
  },
} satisfies ExportedHandler<FloorEnv>;

export class FloorEvent extends DurableObject<FloorEnv> {
  async deliver(id: string, account: string, payload: string) {
    const stored = this.ctx.storage.kv.get<Stored>("event");
    if (stored !== undefined) {
      return { state: "forwarded", deduped: true, settlement_id: stored.settlement_id };
    }
    this.ctx.storage.kv.put<Stored>("event", { payload, settlement_id: null });
    void this.ctx.storage.setAlarm(Date.now() + ALARM_IN_MS);
    const settlement_id =
      this.env.LANE === undefined
        ? await ingest(this.env, id, payload)
        : await this.env.LANES.getByName(account).settle(id, payload);
    this.ctx.storage.kv.put<Stored>("event", { payload, settlement_id });
    if (this.env.INDEX !== undefined) this.ctx.waitUntil(this.#publish(id));
    return { state: "forwarded", deduped: false, settlement_id };
  }

  async #publish(id: string): Promise<void> {
    const shard = id.charCodeAt(id.length - 1) % INDEX_SHARDS;
    await this.env.ROWS.getByName(`shard-${shard}`).publish(Date.now(), id);
    void this.ctx.storage.setAlarm(Date.now() + ALARM_IN_MS);
  }

  override async alarm(): Promise<void> {}
}

export class FloorIndex extends DurableObject<FloorEnv> {
  constructor(ctx: DurableObjectState, env: FloorEnv) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS events (at INTEGER, id TEXT, state TEXT, PRIMARY KEY (at, id)) WITHOUT ROWID",
    );
  }

  publish(at: number, id: string): void {
    this.ctx.storage.sql.exec("INSERT INTO events VALUES (?, ?, ?)", at, id, "forwarded");
  }
}

export class FloorLane extends DurableObject<FloorEnv> {
  #last: Promise<unknown> = Promise.resolve();

  settle(id: string, payload: string): Promise<string> {
    const turn = this.#last.then(() => {
      this.ctx.storage.kv.put("running_until", Date.now() + ALARM_IN_MS);
      return ingest(this.env, id, payload);
    });
    this.#last = turn;
    return turn;
  }
}

async function ingest(env: FloorEnv, id: string, payload: string): Promise<string> {
  const response = await fetch(`${env.LEDGER_BASE_URL}/v1/payments/settlements/ingest`, {
    method: "POST",
    headers: { "idempotency-key": id, "content-type": "application/json" },
    body: payload,
  });
  const { settlement } = await response.json<{ settlement: { id: string } }>();
  return settlement.id;
}

async function verifies(header: string, body: Uint8Array, secret: string): Promise<boolean> {
  const [, time, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (time === undefined || hex === undefined || Math.abs(Date.now() / 1000 - Number(time)) > 300)
    return false;
  const prefix = encoder.encode(`${time}.`);
  const signed = new Uint8Array(prefix.length + body.length);
  signed.set(prefix);
  signed.set(body, prefix.length);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  key ??= await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, bytesOf(hex), signed);
}

function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
