/** The check against both modes of the sandbox ledger, and against ledgers that break one promise each. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CHECKS, checkLedger, type Report } from "../../../../scripts/commands/ledger-check/check-ledger.ts";
import { ledgerKey, OPTIONS } from "../../../../scripts/commands/ledger-check/options.ts";
import {
  LEDGER_KEY,
  startSandboxLedger,
  type StartedLedger,
} from "../../../support/started-sandbox-ledger.ts";

const CURRENCIES = "currencies of one account are kept apart";
const AT_ONCE = "50 payments of one account at once: each is credited";

let asIs: StartedLedger;
let atomic: StartedLedger;

beforeAll(async () => {
  [asIs, atomic] = await Promise.all([startSandboxLedger("as-is"), startSandboxLedger("atomic")]);
}, 60_000);

afterAll(() => Promise.all([asIs.dispose(), atomic.dispose()]));

const failed = ({ rows }: Report) => rows.filter(({ ok }) => !ok).map(({ check }) => check);

describe("a sandbox ledger", () => {
  it("atomic → every row holds", async () => {
    const report = await checkLedger(atomic.url, LEDGER_KEY);
    expect(report.rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.rows.map(({ check }) => check)).toEqual(CHECKS.map(({ name }) => name));
    expect(report.ok).toBe(true);
  }, 30_000);

  it("as-is → currencies and simultaneous payments do not hold, each with the setting that makes it safe", async () => {
    const report = await checkLedger(asIs.url, LEDGER_KEY);
    expect(failed(report)).toEqual([CURRENCIES, AT_ONCE]);
    expect(report.rows).toHaveLength(CHECKS.length);
    expect(report.rows.flatMap(({ safe_with }) => safe_with ?? [])).toEqual([
      expect.stringContaining("LEDGER_CURRENCIES"),
      expect.stringContaining("LEDGER_ACCOUNT_CONCURRENCY=1"),
    ]);
    expect(report.ok).toBe(false);
    expect(JSON.stringify(report)).not.toContain(LEDGER_KEY);
  }, 30_000);
});

describe("a ledger that breaks one promise → the rows that fail", () => {
  let proxy: Server | undefined;
  afterEach(() => proxy?.close());

  it.each<[string, Change, readonly string[]]>([
    [
      "takes any key",
      { request: (headers) => ({ ...headers, authorization: `Bearer ${LEDGER_KEY}` }) },
      ["a wrong key is refused"],
    ],
    [
      "forgets its idempotency keys",
      { request: (headers) => ({ ...headers, "idempotency-key": crypto.randomUUID() }) },
      ["same key, same content: the first answer again", "same key, other content: refused"],
    ],
    [
      "shows no ledger event",
      { body: (text) => text.replaceAll(/"(latest_event_id|event)":/g, '"hidden":') },
      ["an effect can be proven, in the answer and read back"],
    ],
    [
      "refuses without a code",
      { body: (text) => text.replaceAll('"code":', '"kind":') },
      [
        "same key, other content: refused",
        "account, amount and currency of a payment never change",
        "a status only goes forward",
        "an unknown account is refused",
        "a debit without funds is refused, and taken once there are funds",
        CURRENCIES,
        "a settlement can be read back, with all its fields",
        "every refusal has an error and a code",
      ],
    ],
    [
      "begins its list again on each page",
      { path: (path) => path.replace(/cursor=\d[^&]*&?/, "") },
      ["the list can be walked: newest first, each once, while new ones come in"],
    ],
    [
      "reads another settlement back",
      { body: (text, path) => (path.includes("/stripe/") ? text.replaceAll('"USD"', '"EUR"') : text) },
      ["a settlement can be read back, with all its fields"],
    ],
  ])("%s", async (_, change, rows) => {
    proxy = changed(atomic.url, change);
    await new Promise<void>((listening) => proxy?.listen(0, "127.0.0.1", listening));
    const url = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const checks = CHECKS.filter(({ name }) => !name.includes(" at once"));
    const report = await checkLedger(url, LEDGER_KEY, checks);
    expect(failed(report)).toEqual(rows);
    expect(report.rows.find(({ ok }) => !ok)).toHaveProperty("safe_with");
  });

  it("nobody answers → one row, and no more", async () => {
    const report = await checkLedger(new URL("http://127.0.0.1:9"), LEDGER_KEY);
    expect(report.rows).toMatchObject([{ check: "it answers", ok: false, safe_with: null }]);
  });
});

describe("options", () => {
  const key = (given: { url?: string; env?: string; remote?: true }) =>
    ledgerKey({
      "base-url": OPTIONS["base-url"].read("--base-url", given.url),
      env: OPTIONS.env.read("--env", given.env),
      "allow-remote": given.remote === true,
      json: false,
    });

  it.each([
    [{ url: "https://ledger.example" }, "add --allow-remote"],
    [{ url: "http://ledger.example", remote: true as const }, "use https"],
  ])("%j → refused", async (given, words) => {
    vi.stubEnv("LEDGER_ADMIN_KEY", "from-the-environment");
    await expect(key(given)).rejects.toThrow(words);
    vi.unstubAllEnvs();
  });

  it("staging takes its key from the environment only", async () => {
    vi.stubEnv("LEDGER_ADMIN_KEY", undefined);
    await expect(key({ env: "staging" })).rejects.toThrow("Set LEDGER_ADMIN_KEY");
    vi.stubEnv("LEDGER_ADMIN_KEY", "from-the-environment");
    expect(await key({ env: "staging" })).toBe("from-the-environment");
    vi.unstubAllEnvs();
  });
});

interface Change {
  readonly request?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  readonly path?: (path: string) => string;
  readonly body?: (text: string, path: string) => string;
}

/** Passes every request on to a ledger, changed in one way. */
function changed(ledger: URL, { request, path, body }: Change): Server {
  return createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const asked = incoming.url ?? "/";
    const { authorization = "", "idempotency-key": key } = request?.(incoming.headers) ?? incoming.headers;
    const answer = await fetch(new URL(path?.(asked) ?? asked, ledger), {
      method: incoming.method ?? "GET",
      headers: { authorization, ...(key !== undefined && { "idempotency-key": String(key) }) },
      ...(incoming.method === "POST" && { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    outgoing.writeHead(answer.status).end(body?.(text, asked) ?? text);
  });
}
