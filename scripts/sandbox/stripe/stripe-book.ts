/** All that the sandbox keeps: events, webhook endpoints, other objects, the requests it got, and faults. */
import { DurableObject } from "cloudflare:workers";
import { EndpointStore } from "./endpoint-store.ts";
import { EventTable, type SandboxEvent } from "./event-table.ts";
import { type Fault, takeFault, type Waiting } from "./faults.ts";
import { parseForm } from "./form.ts";
import { OBJECT_KINDS } from "./object-kinds.ts";
import { ObjectTable, type SandboxObject } from "./object-table.ts";
import { ownAccount, ownBalance } from "./own-account.ts";
import { unknownRoute } from "./problem.ts";

const FAULTS_KEY = "faults";
/** Older rows give way: a long test must not fill the disk. */
const MAX_LOGGED = 10_000;
const OBJECT_PATH = /^\/v1\/(checkout\/sessions|\w+)(?:\/([^/]+))?$/;

export interface SandboxEnv {
  readonly STRIPE_API_KEY?: string;
  readonly STRIPE_BOOK: DurableObjectNamespace<StripeBook>;
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  /** The kind of fault that met it. */
  readonly fault: string | null;
}

export class StripeBook extends DurableObject<SandboxEnv> {
  readonly #events: EventTable;
  readonly #endpoints: EndpointStore;
  readonly #objects: ObjectTable;

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#events = new EventTable(sql);
    this.#endpoints = new EndpointStore(ctx.storage.kv);
    this.#objects = new ObjectTable(sql);
    sql.exec(`CREATE TABLE IF NOT EXISTS requests (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,
      body TEXT NOT NULL, fault TEXT
    ) STRICT`);
  }

  /** The fault that meets this request, if any. Everything that is asked is kept. */
  arrive(request: Omit<LoggedRequest, "fault">, account: string): Fault | null {
    const known = this.ctx.storage.kv.get<Waiting[]>(FAULTS_KEY) ?? [];
    const { fault, waiting } = takeFault(known, { path: request.path, account });
    this.ctx.storage.kv.put(FAULTS_KEY, waiting);
    const { sql } = this.ctx.storage;
    const insert =
      "INSERT INTO requests (method, path, query, body, fault) VALUES (?, ?, ?, ?, ?) RETURNING seq";
    const { method, path, query, body } = request;
    const values = [method, path, query, body, fault?.kind ?? null];
    const { seq } = sql.exec<{ seq: number }>(insert, ...values).one();
    sql.exec("DELETE FROM requests WHERE seq <= ?", seq - MAX_LOGGED);
    return fault;
  }

  /** What Stripe would answer. `account`: the connected account that the request is made as, or "". */
  answer(method: string, path: string, query: string, body: string, account: string): unknown {
    const now = Date.now();
    const [, plural = "", objectId] = OBJECT_PATH.exec(path) ?? [];
    const kind = method === "GET" ? OBJECT_KINDS[plural] : undefined;
    if (kind !== undefined) {
      return objectId === undefined
        ? this.#objects.list(plural, kind, query, account)
        : this.#objects.find(kind, decodeURIComponent(objectId), query, account);
    }
    const [, resource = "", id] = /^\/v1\/(\w+)(?:\/(\w+))?$/.exec(path) ?? [];
    const asked = parseForm(query);
    switch (`${method} ${resource}${id === undefined ? "" : "/id"}`) {
      case "GET account":
        return ownAccount(query, account);
      case "GET balance":
        return ownBalance(query, this.#objects.netSums(account));
      case "GET events":
        return this.#events.list(asked, account, now);
      case "GET events/id":
        return this.#events.find(id ?? "", account);
      case "GET webhook_endpoints":
        return this.#endpoints.list(asked);
      case "POST webhook_endpoints":
        return this.#endpoints.create(parseForm(body), now);
      case "GET webhook_endpoints/id":
        return this.#endpoints.find(id ?? "");
      case "POST webhook_endpoints/id":
        return this.#endpoints.update(id ?? "", parseForm(body));
      case "DELETE webhook_endpoints/id":
        return this.#endpoints.remove(id ?? "");
      default:
        return unknownRoute(`${method}: ${path}`);
    }
  }

  addEvents(events: readonly SandboxEvent[], listedAfterMs: number): void {
    this.ctx.storage.transactionSync(() => this.#events.add(events, Date.now() + listedAfterMs));
  }

  addObjects(objects: readonly SandboxObject[]): void {
    this.ctx.storage.transactionSync(() => this.#objects.add(objects));
  }

  addFault(fault: Fault): void {
    const { kv } = this.ctx.storage;
    kv.put(FAULTS_KEY, [...(kv.get<Waiting[]>(FAULTS_KEY) ?? []), { ...fault, seen: 0 }]);
  }

  clearFaults(): void {
    this.ctx.storage.kv.delete(FAULTS_KEY);
  }

  requests(): LoggedRequest[] {
    const rows = this.ctx.storage.sql.exec(
      "SELECT method, path, query, body, fault FROM requests ORDER BY seq",
    );
    return rows.toArray() as unknown as LoggedRequest[];
  }

  reset(): void {
    this.#events.clear();
    this.#endpoints.clear();
    this.#objects.clear();
    this.ctx.storage.sql.exec("DELETE FROM requests");
    this.clearFaults();
  }
}
