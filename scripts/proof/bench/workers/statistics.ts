/**
 * Shards of the index as they are deployed, filled by a statement of SQL: a million deliveries would take an
 * hour. `POST /<shard>?rows=n` fills one, and answers how many rows its statistics read; `GET /<shard>` reads
 * them.
 */
import { EventIndex } from "../../../../src/event-index/event-index.ts";

interface StatisticsEnv {
  readonly EVENT_INDEX: DurableObjectNamespace<FilledIndex>;
}

const DAY_MS = 86_400_000;
const DAYS = 30;
/** In some seconds each. */
const ROWS_AT_ONCE = 100_000;

/** Nine of ten settled, some ignored, and one of a thousand failed. */
const FILL = `
  INSERT INTO events (received_at, event_id, revision, event_type, state, account_id, payment_id, source_payment_id,
    amount_minor, currency, attempts, updated_at)
  WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
  SELECT ?3 + i * ?4, 'evt_' || i, 2, 'payment_intent.succeeded',
    CASE WHEN i % 1000 = 0 THEN 'failed' WHEN i % 10 = 0 THEN 'ignored' ELSE 'forwarded' END,
    'acc_' || i % 5000, 'pi_' || i, 'pi_' || i, '1234', 'USD', 1, ?3 + i * ?4 FROM n`;

export class FilledIndex extends EventIndex {
  async fill(rows: number): Promise<number> {
    const first = Date.now() - DAYS * DAY_MS;
    const apart = ((DAYS - 1) * DAY_MS) / Math.max(rows, 1);
    const { sql } = this.ctx.storage;
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      sql.exec(FILL, from, Math.min(from + ROWS_AT_ONCE, rows), first, Math.floor(apart));
    }
    // As the shard's own alarm does it, turn by turn.
    do await this.alarm();
    while (((await this.ctx.storage.getAlarm()) ?? 0) < Date.now() + 1_000);
    return this.#rowsRead();
  }

  async #rowsRead(): Promise<number> {
    const cursors: { readonly rowsRead: number }[] = [];
    const { sql } = this.ctx.storage;
    const exec = sql.exec.bind(sql);
    const noted = (...args: Parameters<SqlStorage["exec"]>) => {
      const cursor = exec(...args);
      cursors.push(cursor);
      return cursor;
    };
    Object.defineProperty(sql, "exec", { configurable: true, value: noted });
    await this.stats(Date.now() - DAY_MS);
    Object.defineProperty(sql, "exec", { configurable: true, value: exec });
    return cursors.reduce((total, { rowsRead }) => total + rowsRead, 0);
  }
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const stub = env.EVENT_INDEX.getByName(pathname.slice(1));
    if (request.method === "POST")
      return new Response(`${await stub.fill(Number(searchParams.get("rows")))}`);
    const stats = await stub.stats(Date.now() - DAY_MS);
    return Response.json(stats, { status: stats.ok ? 200 : 500 });
  },
} satisfies ExportedHandler<StatisticsEnv>;
