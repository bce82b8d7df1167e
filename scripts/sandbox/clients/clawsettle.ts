import type { Answer, HttpClient } from "../../lib/http.ts";
import { signPayload } from "../events/stripe-signature.ts";

const WEBHOOK_PATH = "/v1/stripe/webhook";
const MS_PER_SECOND = 1000;

export type Delivery = {
  readonly body: string;
  /** What is really sent instead of the signed body, to play a forger. */
  readonly tamperedBody?: string;
};

/** What a sender and an operator can do with clawsettle. */
export type Clawsettle = {
  deliver(delivery: Delivery): Promise<Answer>;
  health(): Promise<Answer>;
  event(eventId: string): Promise<Answer>;
  retryForwarding(eventId: string): Promise<Answer>;
};

export type ClawsettleOptions = {
  readonly http: HttpClient;
  readonly baseUrl: URL;
  readonly signingSecret: string;
  readonly adminKey: string;
};

export function clawsettleClient({ http, baseUrl, signingSecret, adminKey }: ClawsettleOptions): Clawsettle {
  // While a secret is being rolled the setting holds several; any of them verifies.
  const [secret = signingSecret] = signingSecret.split(",").map((part) => part.trim());
  const authorization = { authorization: `Bearer ${adminKey}` };
  const json = { "content-type": "application/json; charset=utf-8" };
  const webhookUrl = new URL(WEBHOOK_PATH, baseUrl);

  return {
    async deliver({ body, tamperedBody }) {
      const timestampSeconds = Math.floor(Date.now() / MS_PER_SECOND);
      const signature = await signPayload(body, secret, { timestampSeconds });
      const headers = { ...json, "stripe-signature": signature };
      return http.send({ method: "POST", url: webhookUrl, headers, body: tamperedBody ?? body });
    },
    health: () => http.send({ method: "GET", url: new URL("/health", baseUrl) }),
    event(eventId) {
      const url = new URL(`/v1/admin/events/${encodeURIComponent(eventId)}`, baseUrl);
      return http.send({ method: "GET", url, headers: authorization });
    },
    retryForwarding(eventId) {
      const url = new URL("/v1/stripe/forwarding/retry", baseUrl);
      const body = JSON.stringify({ event_id: eventId, force: true });
      return http.send({ method: "POST", url, headers: { ...authorization, ...json }, body });
    },
  };
}
