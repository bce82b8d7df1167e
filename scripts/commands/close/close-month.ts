/**
 * Closes a month: a dry run of each part, whose report is kept beside the others, and their sums. The folder
 * remembers what no run can reach any more: a part that was walked in time is not walked again.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report, RunList } from "../../../src/reconciler/report-schema.ts";
import { PlainError } from "../../lib/failure.ts";
import { csvOf } from "./csv-of.ts";
import { type Month, type MonthPart, partsOf } from "./month.ts";
import { obstaclesOf, openFindings, type Opening, statementOf } from "./sum-up.ts";

export const CLOSE_FILE = "close.json";
const SUMS_FILE = "SHA256SUMS";

/** What is asked of clawsettle. Reports have all that they list. */
export interface CloseApi {
  list(): Promise<Pick<RunList, "watermark">>;
  /** `refused`: why no run can cover it. */
  begin(part: MonthPart): Promise<{ readonly id: string } | { readonly refused: string }>;
  atEnd(id: string): Promise<Report>;
  /** null: it was purged. */
  find(id: string): Promise<Report | null>;
  csv(id: string): Promise<string>;
}

export interface CloseOptions {
  readonly month: Month;
  readonly folder: string;
  readonly draft: boolean;
  readonly opening: Opening | null;
  readonly api: CloseApi;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly say: (line: string) => void;
}

/** Whether it is closed, or a draft of it is written. */
export async function closeMonth(options: CloseOptions): Promise<boolean> {
  const { month, folder, draft, api, now, say } = options;
  const before = await readClose(join(folder, CLOSE_FILE));
  if (before?.status === "closed") throw new PlainError(`${month.name} is closed already: ${folder}`);
  const parts = partsOf(month, now);
  if (parts.length === 0) throw new PlainError(`${month.name} has not begun.`);
  await mkdir(folder, { recursive: true });
  const reports: Report[] = [];
  for (const part of parts) {
    const report = await reportOf(part, options);
    reports.push(report);
    say(`part ${part.number}: ${report.from} to ${report.to}, ${report.id}`);
  }
  const { watermark } = await api.list();
  const obstacles = obstaclesOf(month, parts, reports, watermark, options.opening);
  for (const obstacle of obstacles) say(`not complete: ${obstacle}`);
  if (obstacles.length > 0 && !draft) return false;
  await writeAll(options, parts, reports, obstacles);
  return true;
}

/**
 * The kept one, with what has been accepted since; another run while something
 * is left to do and a run can reach it.
 */
async function reportOf(part: MonthPart, { folder, api }: CloseOptions): Promise<Report> {
  const file = join(folder, `part-${part.number}.json`);
  const kept = await readReport(file, part);
  const current = kept === null ? null : await api.find(kept.id);
  const known = current ?? kept;
  if (current !== null) await keep(file, current, api);
  if (known !== null && Object.keys(openFindings(known)).length === 0) return known;
  const begun = await api.begin(part);
  if ("refused" in begun) {
    if (known !== null) return known;
    throw new PlainError(`No run can cover part ${part.number} any more, and none is kept: ${begun.refused}`);
  }
  const report = await api.atEnd(begun.id);
  if (report.status !== "complete") {
    throw new PlainError(`The run ${report.id} is ${report.status}: ${report.error?.message ?? "no report"}`);
  }
  await keep(file, report, api);
  return report;
}

async function keep(file: string, report: Report, api: CloseApi): Promise<void> {
  await writeFile(file, toJson(report));
  await writeFile(file.replace(/json$/, "csv"), await api.csv(report.id));
}

async function readReport(file: string, { from, to }: MonthPart): Promise<Report | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return null;
  const report = JSON.parse(text) as Report;
  const isSame = Date.parse(report.from) === from && Date.parse(report.to) === to;
  return isSame && report.status === "complete" ? report : null;
}

async function writeAll(
  { month, folder, opening, now }: CloseOptions,
  parts: readonly MonthPart[],
  reports: readonly Report[],
  obstacles: readonly string[],
): Promise<void> {
  const statements = statementOf(reports, opening);
  const partFiles = parts.flatMap(({ number }) => [`part-${number}.json`, `part-${number}.csv`]);
  const hashes = await Promise.all(
    partFiles.map(async (name) => [name, await hashOf(folder, name)] as const),
  );
  const close = {
    month: month.name,
    status: obstacles.length === 0 ? "closed" : "draft",
    from: reports[0]?.from,
    to: reports.at(-1)?.to,
    made_at: new Date(now).toISOString(),
    account: reports[0]?.account ?? null,
    opening_source: opening?.source ?? null,
    runs: reports.map(({ id, from, to, content_sha256 }) => ({ id, from, to, content_sha256 })),
    files_sha256: Object.fromEntries(hashes),
    statements,
    not_complete: obstacles,
    open: reports.map((report) => ({ id: report.id, findings: openFindings(report) })),
    accepted: reports.map(({ id, differences }) => ({
      id,
      differences: differences.filter(({ accepted }) => accepted !== null),
    })),
  };
  await writeFile(join(folder, "close.csv"), csvOf(statements));
  await writeFile(join(folder, CLOSE_FILE), toJson(close));
  const own = ["close.csv", CLOSE_FILE];
  const all = [
    ...hashes,
    ...(await Promise.all(own.map(async (name) => [name, await hashOf(folder, name)] as const))),
  ];
  // As `sha256sum -c` reads it.
  await writeFile(join(folder, SUMS_FILE), all.map(([name, hash]) => `${hash}  ${name}\n`).join(""));
}

export interface Close {
  readonly month: string;
  readonly status: "closed" | "draft";
  readonly account: Report["account"];
  readonly statements: ReturnType<typeof statementOf>;
}

/** null: there is no such file. */
export async function readClose(file: string): Promise<Close | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Close);
}

async function hashOf(folder: string, name: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(join(folder, name)))
    .digest("hex");
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
