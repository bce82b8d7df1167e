/**
 * 1.0.0 and today's version side by side in one workerd, as during a gradual deployment: which of the two
 * answers requests, and which of them runs the objects of each class, is chosen class by class. Each object
 * is called over the platform's own RPC, across the two scripts.
 */
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pollUntil } from "../../scripts/lib/poll.ts";
import { freePort, HOST } from "../../scripts/sandbox/stack/ports.ts";
import { httpClient, jsonApi } from "../../scripts/lib/http.ts";
import { olderBundle } from "../../scripts/lib/older-bundle.ts";
import { productConfig, productScript } from "../../scripts/proof/bench/workerd/bundle.ts";
import { clawsettleClient } from "../../scripts/sandbox/clients/clawsettle.ts";
import { LEDGER_KEY } from "./started-sandbox-ledger.ts";
import { SANDBOX_KEY } from "./started-sandbox-stripe.ts";

const VERSIONS = ["1.0.0", "today"] as const;
export type Version = (typeof VERSIONS)[number];

/** Who runs what. Lanes are always today's: 1.0.0 has none. */
export interface Mixture {
  readonly worker: Version;
  readonly events: Version;
  readonly index: Version;
  readonly reconciler: Version;
}

/** Every mixture but those of one version. */
export const MIXTURES: readonly Mixture[] = Array.from({ length: 16 }, (_, n): Mixture => {
  const version = (bit: number): Version => ((n >> bit) % 2 === 0 ? "1.0.0" : "today");
  return { worker: version(3), events: version(2), index: version(1), reconciler: version(0) };
}).slice(1, -1);

export type Scripts = Readonly<Record<Version, string>>;

/** As they would be deployed. `folder` is for what is built on the way. */
export async function bothScripts(folder: string): Promise<Scripts> {
  return { "1.0.0": await olderBundle(), today: await productScript(folder) };
}

const SIGNING_SECRET = "whsec_of_the_mixed_versions_and_long_enough";
const ADMIN_KEY = "admin-key-of-the-mixed-versions";

/** `folder`: an empty one, for the data of the objects. */
export async function startMixed(
  scripts: Scripts,
  mixture: Mixture,
  { folder, ledger, stripe }: { readonly folder: string; readonly ledger: URL; readonly stripe: URL },
) {
  const { texts, objects, compatibilityDate } = productConfig({
    SETTLE_ENV: "staging",
    STRIPE_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
    LEDGER_BASE_URL: ledger.origin,
    LEDGER_ADMIN_KEY: LEDGER_KEY,
    SETTLE_ADMIN_KEY: ADMIN_KEY,
    STRIPE_API_KEY: SANDBOX_KEY,
    STRIPE_API_BASE_URL: stripe.origin,
    FORWARDING_RETRY_BASE_SECONDS: "1",
  });
  const runs: Readonly<Record<string, Version>> = {
    STRIPE_EVENT: mixture.events,
    EVENT_INDEX: mixture.index,
    RECONCILER: mixture.reconciler,
  };
  const places = Object.entries(objects).map(([binding, className]) => ({
    binding,
    className,
    version: runs[binding] ?? "today",
  }));
  const address = `${HOST}:${await freePort()}`;
  await mkdir(join(folder, "data"), { recursive: true });
  for (const version of VERSIONS) await writeFile(join(folder, `${version}.js`), scripts[version]);
  const config = join(folder, "config.capnp");
  await writeFile(
    config,
    capnp(mixture.worker, places, texts, compatibilityDate, address, join(folder, "data")),
  );
  const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };
  const child = spawn(workerd, ["serve", config], { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const http = httpClient();
  const baseUrl = new URL(`http://${address}`);
  const stop = async (): Promise<void> => {
    await http.close();
    child.kill("SIGKILL");
    await ended;
  };
  try {
    await pollUntil("both versions", { timeoutMs: 20_000, everyMs: 50 }, () =>
      http.send({ method: "GET", url: new URL("/health", baseUrl) }).catch(() => null),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    clawsettle: clawsettleClient({ http, baseUrl, signingSecret: SIGNING_SECRET, adminKey: ADMIN_KEY }),
    call: jsonApi(http, baseUrl, ADMIN_KEY),
    stop,
  };
}

interface Place {
  readonly binding: string;
  readonly className: string;
  readonly version: Version;
}

function capnp(
  entry: Version,
  places: readonly Place[],
  texts: Readonly<Record<string, string>>,
  compatibilityDate: string,
  address: string,
  data: string,
): string {
  const bindings = [
    ...Object.entries(texts).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...places.map(
      ({ binding, className, version }) =>
        `(name = ${quoted(binding)}, durableObjectNamespace = (className = ${quoted(className)}, serviceName = ${quoted(version)}))`,
    ),
  ].join(", ");
  const workerOf = (version: Version) => `(name = ${quoted(version)}, worker = (
      modules = [(name = "index.js", esModule = embed ${quoted(`${version}.js`)})],
      compatibilityDate = ${quoted(compatibilityDate)},
      globalOutbound = "internet",
      bindings = [${bindings}],
      durableObjectNamespaces = [${places
        .filter((place) => place.version === version)
        .map(
          ({ className }) =>
            `(className = ${quoted(className)}, uniqueKey = ${quoted(className)}, enableSql = true)`,
        )
        .join(", ")}],
      durableObjectStorage = (localDisk = "data"),
    )),`;
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ${VERSIONS.map(workerOf).join("\n    ")}
    (name = "internet", network = (allow = ["local"])),
    (name = "data", disk = (path = ${quoted(data)}, writable = true)),
  ],
  sockets = [(name = "http", address = ${quoted(address)}, http = (), service = ${quoted(entry)})],
);
`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
