/** A job's requests, complete before the clock starts: signing must not be what is measured. */
import { createHmac } from "node:crypto";
import type { Dispatcher } from "undici";
import { eventBody, eventBodyOf } from "./events.ts";
import type { Job } from "./job.ts";

type Prepared = Pick<Dispatcher.DispatchOptions, "path" | "method" | "headers" | "body">;

const WEBHOOK = "/v1/stripe/webhook";

export function requestsOf({ work }: Job): readonly Prepared[] {
  switch (work.kind) {
    case "deliveries":
      return work.indices.map((index) => signedPost(WEBHOOK, eventBody(work.store, index), work.secret));
    case "gets": {
      const headers = { authorization: `Bearer ${work.adminKey}` };
      return repeated({ method: "GET", path: work.path, headers }, work.times);
    }
    case "posts":
      return repeated(signedPost(work.path, eventBodyOf(work.bytes), work.secret), work.times);
  }
}

/** In one go, unlike the signer of the scripts, which awaits WebCrypto: there are tens of thousands. */
function signedPost(path: string, body: string, secret: string): Prepared {
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "stripe-signature": `t=${seconds},v1=${signature}`,
  };
  return { method: "POST", path, headers, body };
}

function repeated(request: Prepared, times: number): readonly Prepared[] {
  return Array.from({ length: times }, () => request);
}
