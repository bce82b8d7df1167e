import { join, resolve } from "node:path";
import { clawsettleClient } from "../sandbox/clients/clawsettle.ts";
import { secretOf } from "../sandbox/stack/dev-vars.ts";
import { CLOSE_FILE, type CloseApi, closeMonth, readClose } from "./close/close-month.ts";
import { closeOptions, HELP, OPTIONS } from "./close/options.ts";
import { monthBefore } from "./close/month.ts";
import type { Opening } from "./close/sum-up.ts";
import { runCommand } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK, PlainError } from "../lib/failure.ts";
import { at, httpClient, jsonApi } from "../lib/http.ts";
import { shownPath } from "../lib/paths.ts";

type Options = ReturnType<typeof closeOptions>;

const RUNS = "/v1/admin/reconciliations";

async function close(options: Options): Promise<number> {
  const { month, draft } = options;
  const key = await secretOf("SETTLE_ADMIN_KEY", options.remote ? null : options["vars-file"]);
  if (key === null) throw new PlainError("SETTLE_ADMIN_KEY is not set.");
  const folder = resolve(options.out ?? join("close", month.name));
  const opening = await openingOf(options, folder);
  const http = httpClient();
  try {
    const api = closeApi(http, options["base-url"], key);
    const isWritten = await closeMonth({
      month,
      folder,
      draft,
      opening,
      api,
      now: Date.now(),
      say: console.log,
    });
    console.log(
      isWritten ? `Written to ${shownPath(folder)}.` : "Not closed. With --draft it is written all the same.",
    );
    return isWritten ? EXIT_OK : EXIT_FAILED;
  } finally {
    await http.close();
  }
}

/** null: nobody knows it, and the statement has movements alone. */
async function openingOf(
  { month, draft, previous, opening }: Options,
  folder: string,
): Promise<Opening | null> {
  if (opening !== null) return { balances: opening, source: "stated", account_id: null };
  const before = monthBefore(month);
  const file = previous ?? join(folder, "..", before, CLOSE_FILE);
  const closed = await readClose(file);
  if (previous === null && (closed === null || (draft && closed.status === "draft"))) return null;
  if (closed?.month !== before || closed.status !== "closed")
    throw new PlainError(`${shownPath(file)} is no close of ${before}.`);
  const balances = closed.statements.flatMap(({ currency, closing_minor }) =>
    closing_minor === null ? [] : [[currency, closing_minor] as const],
  );
  if (balances.length === 0) return null;
  const account_id = closed.account?.id ?? null;
  return { balances: Object.fromEntries(balances), source: "previous_close", account_id };
}

function closeApi(http: ReturnType<typeof httpClient>, baseUrl: URL, adminKey: string): CloseApi {
  const call = jsonApi(http, baseUrl, adminKey);
  const { reconciliation, reconciliationAtEnd } = clawsettleClient({
    http,
    baseUrl,
    signingSecret: "",
    adminKey,
  });
  const ask = async (path: string): Promise<unknown> => {
    const { status, body } = await call("GET", path);
    if (status !== 200) throw new PlainError(`clawsettle answered ${status} to GET ${path}`);
    return body;
  };
  return {
    list: async () => (await ask(`${RUNS}?limit=1`)) as Awaited<ReturnType<CloseApi["list"]>>,
    async begin({ from, to }) {
      const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
      const request = { ...window, dry_run: true, actor: "npm run close" };
      const { status, body } = await call("POST", RUNS, JSON.stringify(request));
      if (status === 202) return { id: String(at(body, "id")) };
      if (status === 400) return { refused: String(at(body, "details", "problems", 0)) };
      throw new PlainError(`No run was begun: ${status} ${String(at(body, "code"))}`);
    },
    atEnd: reconciliationAtEnd,
    find: reconciliation,
    csv: async (id) => String(await ask(`${RUNS}/${id}?format=csv`)),
  };
}

await runCommand({ help: HELP, options: OPTIONS }, (values) => close(closeOptions(values)));
