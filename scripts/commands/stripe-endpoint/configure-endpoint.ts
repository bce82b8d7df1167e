/** Makes the webhook endpoint in Stripe as the mapping needs it. Idempotent. */
import { Stripe } from "stripe";
import { isBeforeRefundEvents, REFUND_EVENTS_SINCE } from "../../../src/settlement/conditions.ts";
import { subscribedEventTypes } from "../../../src/settlement/map.ts";
import { STRIPE_API_VERSION } from "../../../src/stripe/api-version.ts";
import { isLoopback } from "../../../src/loopback.ts";
import { EXIT_FAILED, EXIT_OK, PlainError, UsageError } from "../../lib/failure.ts";
import type { EndpointOptions } from "./options.ts";
import { type Plan, planFor, type Wanted } from "./plan.ts";
import { paint } from "../../lib/terminal.ts";

type EnabledEvents = Stripe.WebhookEndpointUpdateParams["enabled_events"] & unknown[];

export async function configureEndpoint(options: EndpointOptions): Promise<number> {
  if (options.url === null) throw new UsageError("--url is missing: where shall Stripe deliver?");
  const stripe = stripeClient();
  console.log(`Stripe in ${modeOf(process.env["STRIPE_API_KEY"] ?? "")} mode, for ${options.url}`);
  const wanted: Wanted = {
    url: options.url,
    apiVersion: STRIPE_API_VERSION,
    events: subscribedEventTypes(),
  };
  try {
    const existing: Stripe.WebhookEndpoint[] = [];
    for await (const endpoint of stripe.webhookEndpoints.list({ limit: 100 })) existing.push(endpoint);
    return await carryOut(planFor(existing, wanted), wanted, options, stripe);
  } catch (error) {
    throw explained(error);
  }
}

async function carryOut(
  plan: Plan,
  wanted: Wanted,
  { "dry-run": dryRun }: EndpointOptions,
  stripe: Stripe,
): Promise<number> {
  const enabled_events = [...wanted.events] as EnabledEvents;
  switch (plan.kind) {
    case "create": {
      console.log(
        `${would(dryRun, "create")} an endpoint for ${wanted.url}, version ${wanted.apiVersion}, with`,
      );
      printDiff(wanted.events, []);
      if (dryRun) return EXIT_OK;
      printSecret(await create(stripe, wanted, enabled_events));
      return EXIT_OK;
    }
    case "nothing":
      console.log(`Nothing to do: ${plan.id} has these ${wanted.events.length} event types and is enabled.`);
      return EXIT_OK;
    case "update":
      console.log(
        `${would(dryRun, "update")} ${plan.id}${plan.enable ? ", which was disabled: enabled again" : ""}`,
      );
      printDiff(plan.added, plan.removed);
      if (!dryRun) await stripe.webhookEndpoints.update(plan.id, { enabled_events, disabled: false });
      if (plan.enable)
        console.log("Events of the time in which it was disabled were not sent: reconcile that window.");
      return EXIT_OK;
    case "several":
      console.error(
        `${wanted.url} has several endpoints: ${plan.ids.join(", ")}. Delete all but one, then run this again.`,
      );
      return EXIT_FAILED;
    case "other_version":
      console.error(
        `${plan.id} has the API version ${plan.version ?? "of the account"}, and ${wanted.apiVersion} is needed. ${aboutRefunds(plan.version)}` +
          `Stripe cannot change it, so make a second one beside it, and lose nothing: run this with --url ${besideUrl(wanted)}, put both secrets into ` +
          "STRIPE_WEBHOOK_SIGNING_SECRET, which takes several, and only then delete the old one in Stripe's dashboard. " +
          "What both deliver meanwhile is settled once.",
      );
      return EXIT_FAILED;
  }
}

async function create(
  stripe: Stripe,
  { url, apiVersion }: Wanted,
  enabled_events: EnabledEvents,
): Promise<Stripe.WebhookEndpoint> {
  try {
    return await stripe.webhookEndpoints.create({
      url,
      enabled_events,
      api_version: apiVersion as Stripe.WebhookEndpointCreateParams["api_version"] & string,
      description: "clawsettle",
    });
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeConnectionError)) throw error;
    throw new PlainError(
      "Stripe's answer was lost, and the endpoint may exist all the same. Look in Stripe's dashboard: if it is there, reveal its " +
        "signing secret, or delete it and run this again.",
    );
  }
}

/** What is lost as long as an endpoint has this version. */
function aboutRefunds(version: string | null): string {
  if (version === null)
    return `Stripe's dashboard shows the account's version: before ${REFUND_EVENTS_SINCE}, refunds may not be reported. `;
  if (!isBeforeRefundEvents(version)) return "";
  return `Before ${REFUND_EVENTS_SINCE} Stripe does not send the events of refund.* for every refund: refunds may not be settled. `;
}

/** The same address for clawsettle, and another for Stripe. */
function besideUrl({ url, apiVersion }: Wanted): string {
  const beside = new URL(url);
  beside.searchParams.set("version", apiVersion);
  return beside.href;
}

/** The mode decides which events come. A key does not say of which account it is. */
function modeOf(key: string): string {
  return /^(sk|rk)_(test|live)_/.exec(key)?.[2] ?? "unknown";
}

function would(dryRun: boolean, what: string): string {
  return dryRun ? `Would ${what}` : `${what.charAt(0).toUpperCase()}${what.slice(1)}:`;
}

function printDiff(added: readonly string[], removed: readonly string[]): void {
  for (const event of added) console.log(paint("green", `  + ${event}`));
  for (const event of removed) console.log(paint("red", `  - ${event}`));
}

function printSecret({ id, secret, livemode }: Stripe.WebhookEndpoint): void {
  console.log(
    `${id} was made, in ${livemode ? "live" : "test"} mode. Its signing secret, which Stripe shows only now:\n`,
  );
  console.log(`  ${secret ?? "(Stripe sent none: see the dashboard)"}\n`);
  console.log("Put it: npx wrangler secret put STRIPE_WEBHOOK_SIGNING_SECRET --env …");
}

function stripeClient(): Stripe {
  const key = process.env["STRIPE_API_KEY"];
  if (!key) throw new PlainError("STRIPE_API_KEY is not set. It must be able to write webhook endpoints.");
  const base = process.env["STRIPE_API_BASE_URL"];
  const url = base && URL.canParse(base) ? new URL(base) : null;
  if (base && url === null) throw new PlainError("STRIPE_API_BASE_URL is not an address.");
  if (url === null) return new Stripe(key, { telemetry: false });
  const isPlain = url.protocol === "http:";
  if (isPlain && !isLoopback(url.hostname)) {
    throw new PlainError("STRIPE_API_BASE_URL must be https, unless it is this machine: the key goes there.");
  }
  return new Stripe(key, {
    telemetry: false,
    host: url.hostname,
    port: url.port === "" ? (isPlain ? 80 : 443) : Number(url.port),
    protocol: isPlain ? "http" : "https",
  });
}

/** One line that says what to do. Stripe's message may quote a part of the key, so it stays out. */
function explained(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  if (error.statusCode === 401)
    return new PlainError("Stripe refuses STRIPE_API_KEY (401). Is it of this account and mode?");
  if (error.statusCode === 403) {
    return new PlainError(
      "STRIPE_API_KEY may not do this (403): it needs to read and write webhook endpoints.",
    );
  }
  if (error.type === "StripeConnectionError") return new PlainError("Stripe cannot be reached.");
  const details = [error.code, error.param].filter((part) => part !== undefined).join(", ");
  return new PlainError(
    `Stripe answered ${error.statusCode ?? "with an error"}${details && ` (${details})`}.`,
  );
}
