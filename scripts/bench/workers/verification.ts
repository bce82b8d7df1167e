/**
 * From signed bytes to an event, again and again: by clawsettle, or by the `stripe` package. `POST /<who>?times=n` with one
 * delivery. A clock stands still while a Worker computes, so whoever asks measures.
 */
import { Stripe } from "stripe";
import { mapEvent } from "../../../src/settlement/map.ts";
import { parseEvent } from "../../../src/stripe/event.ts";
import { checkLivemode } from "../../../src/stripe/livemode.ts";
import { verifySignature } from "../../../src/stripe/signature.ts";

interface VerificationEnv {
  readonly SIGNING_SECRET: string;
}

const TOLERANCE_SECONDS = 300;
const POLICY = { settleEnv: "staging", allowTestmodeEventsInProd: false } as const;
const provider = Stripe.createSubtleCryptoProvider();

type Verify = (body: Uint8Array<ArrayBuffer>, header: string, secret: string) => Promise<boolean>;

/** As the webhook's route does it, up to the settlement. */
const clawsettle: Verify = async (body, header, secret) => {
  const signature = await verifySignature({
    header,
    body,
    secrets: [secret],
    toleranceSeconds: TOLERANCE_SECONDS,
    nowMs: Date.now(),
  });
  if (signature.kind !== "verified") return false;
  const parsed = parseEvent(body);
  if (parsed.kind !== "event" || checkLivemode(parsed.event.livemode, POLICY).kind === "refused")
    return false;
  return mapEvent(parsed.event, { refundEvents: "charge" }).kind === "settlement";
};

/** Verifies and parses; it knows nothing of settlements. */
const stripe: Verify = async (body, header, secret) => {
  const event = await Stripe.webhooks.constructEventAsync(body, header, secret, TOLERANCE_SECONDS, provider);
  return event.type === "payment_intent.succeeded";
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const verify = pathname === "/clawsettle" ? clawsettle : pathname === "/stripe" ? stripe : null;
    if (verify === null) return new Response(null, { status: 404 });
    const header = request.headers.get("stripe-signature") ?? "";
    const body = new Uint8Array(await request.arrayBuffer());
    const times = Number(searchParams.get("times"));
    for (let i = 0; i < times; i++) {
      if (!(await verify(body, header, env.SIGNING_SECRET))) return new Response(null, { status: 401 });
    }
    return new Response(`${times}`);
  },
} satisfies ExportedHandler<VerificationEnv>;
