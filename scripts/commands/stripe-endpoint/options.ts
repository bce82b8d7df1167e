import { ROUTES } from "../../../src/http/routes.ts";
import { isLoopback } from "../../../src/loopback.ts";
import { flag, option, type Values } from "../../lib/command.ts";
import { UsageError } from "../../lib/failure.ts";

export const HELP = `Creates or updates the webhook endpoint in Stripe, with the event types that the mapping needs.

  npm run stripe:endpoint -- --url https://staging.clawsettle.com/v1/stripe/webhook [options]

  --url <url>   where Stripe shall deliver; https, or http to this machine
  --dry-run     say what would be done, and do nothing
  --help

Reads STRIPE_API_KEY (a key that may write webhook endpoints; test mode for staging, live mode for production), and
STRIPE_API_BASE_URL (https://api.stripe.com). A new endpoint's signing secret is printed once, and kept nowhere.
Exit code: 0 when the endpoint is as it should be, or with --dry-run; 1 when not; 2 wrong usage.`;

export const OPTIONS = {
  url: option(webhookUrl, null),
  "dry-run": flag,
};

export type EndpointOptions = Values<typeof OPTIONS>;

function webhookUrl(_name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.hash) {
    throw new UsageError(`--url takes an address like https://host/v1/stripe/webhook, not "${text}".`);
  }
  if (url.pathname !== ROUTES.webhook.path) {
    throw new UsageError(
      `--url must lead to ${ROUTES.webhook.path}, where clawsettle takes deliveries, not to "${url.pathname}".`,
    );
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new UsageError(`--url must be https: events over plain HTTP can be read on their way.`);
  }
  return url.href;
}
