/** The entry: requests, the cron, and the Durable Objects that the platform must find here. */
import { createApp } from "./app.ts";
import { readiness } from "./http/info.ts";
import { log } from "./log.ts";

export { StripeEventObject } from "./event/object.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  /** A deployment that lost a secret says so by itself, before Stripe's next event does. */
  scheduled(_controller, env) {
    const { missing, invalid } = readiness(env);
    if (missing.length + invalid.length === 0) return;
    log("error", { msg: "unconfigured", missing: missing.join(","), invalid: invalid.join(",") });
  },
} satisfies ExportedHandler<Env>;
