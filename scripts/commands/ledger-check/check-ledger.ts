import { messageOf } from "../../lib/failure.ts";
import { httpClient } from "../../lib/http.ts";
import type { Check, Finding } from "./check.ts";
import { CONTRACT_CHECKS } from "./contract-checks.ts";
import { LedgerProbe } from "./ledger-probe.ts";
import { AT_ONCE, LOAD_CHECKS } from "./load-checks.ts";
import { READ_CHECKS } from "./read-checks.ts";

export type Row = Finding & {
  readonly check: string;
  /** Only where the check failed: what makes clawsettle safe all the same; null when nothing does. */
  readonly safe_with?: string | null;
};

export type Report = { readonly ok: boolean; readonly ledger: string; readonly rows: readonly Row[] };

export const CHECKS: readonly Check[] = [...CONTRACT_CHECKS, ...LOAD_CHECKS, ...READ_CHECKS];

/** Runs the checks in order, on accounts of their own. Stops where the others would tell nothing. */
export async function checkLedger(baseUrl: URL, adminKey: string, checks = CHECKS): Promise<Report> {
  const http = httpClient({ connections: AT_ONCE });
  const ledger = new LedgerProbe({ http, baseUrl, adminKey });
  const rows: Row[] = [];
  try {
    for (const check of checks) {
      const row = await rowOf(check, ledger);
      rows.push(row);
      if (!row.ok && check.isNeeded) break;
    }
  } finally {
    await http.close();
  }
  return { ok: rows.every(({ ok }) => ok), ledger: baseUrl.origin, rows };
}

async function rowOf({ name, remedy, run }: Check, ledger: LedgerProbe): Promise<Row> {
  const finding = await run(ledger).catch((error: unknown) => ({ ok: false, found: messageOf(error) }));
  return { check: name, ...finding, ...(!finding.ok && { safe_with: remedy ?? null }) };
}
