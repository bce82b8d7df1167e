/**
 * From signed bytes to an event, or only to a yes or no, again and again: by clawsettle, or by the `stripe`
 * package. `POST /<who>/<what>?times=n` with one delivery. A clock stands still while a Worker computes, so
 * whoever asks measures.
 */
import { Stripe } from "stripe";
import { mapEvent } from "../../../../src/settlement/map.ts";
import { parseEvent } from "../../../../src/stripe/event.ts";
import { checkLivemode } from "../../../../src/stripe/livemode.ts";
import { checkHeader, verifySignature } from "../../../../src/stripe/signature.ts";

interface VerificationEnv {
  readonly SIGNING_SECRET: string;
}

const TOLERANCE_SECONDS = 300;
const POLICY = { settleEnv: "staging", allowTestmodeEventsInProd: false } as const;
const provider = Stripe.createSubtleCryptoProvider();

type Verify = (body: Uint8Array<ArrayBuffer>, header: string, secret: string) => Promise<boolean>;

const isSigned: Verify = async (body, header, secret) => {
  const policy = { toleranceSeconds: TOLERANCE_SECONDS, nowMs: Date.now() };
  const checked = checkHeader(header, policy);
  if (checked.kind === "refused") return false;
  const signature = await verifySignature(checked, body, [secret]);
  return signature.kind === "verified";
};

/** As the webhook's route does it, up to the settlement. */
const isSettlement: Verify = async (body, header, secret) => {
  if (!(await isSigned(body, header, secret))) return false;
  const parsed = parseEvent(body);
  if (parsed.kind !== "event" || checkLivemode(parsed.event.livemode, POLICY).kind === "refused")
    return false;
  return mapEvent(parsed.event, { accountKey: "account_id", asksStripe: false }).kind === "settlement";
};

/** Throws when it is not. */
const isSignedByPackage: Verify = async (body, header, secret) => {
  const { signature } = Stripe.webhooks;
  return (await signature?.verifyHeaderAsync(body, header, secret, TOLERANCE_SECONDS, provider)) ?? false;
};

/** Verifies and parses; it knows nothing of settlements. */
const isEventByPackage: Verify = async (body, header, secret) => {
  const event = await Stripe.webhooks.constructEventAsync(body, header, secret, TOLERANCE_SECONDS, provider);
  return event.type === "payment_intent.succeeded";
};

const VERIFY: Readonly<Record<string, Verify>> = {
  "/clawsettle/signature": isSigned,
  "/stripe/signature": isSignedByPackage,
  "/clawsettle/event": isSettlement,
  "/stripe/event": isEventByPackage,
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const verify = VERIFY[pathname];
    if (verify === undefined) return new Response(null, { status: 404 });
    const header = request.headers.get("stripe-signature") ?? "";
    const body = new Uint8Array(await request.arrayBuffer());
    const times = Number(searchParams.get("times"));
    for (let i = 0; i < times; i++) {
      if (!(await verify(body, header, env.SIGNING_SECRET))) return new Response(null, { status: 401 });
    }
    return new Response(`${times}`);
  },
} satisfies ExportedHandler<VerificationEnv>;
