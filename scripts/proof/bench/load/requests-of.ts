/** A job's requests, complete before the clock starts: signing must not be what is measured. */
import type { Dispatcher } from "undici";
import { signPayload } from "../../../sandbox/events/stripe-signature.ts";
import { eventBody, eventBodyOf } from "./events.ts";
import type { Job } from "./job.ts";

type Prepared = Pick<Dispatcher.DispatchOptions, "path" | "method" | "headers" | "body">;

const WEBHOOK = "/v1/stripe/webhook";

export async function requestsOf({ work }: Job): Promise<readonly Prepared[]> {
  switch (work.kind) {
    case "deliveries": {
      const { store, indices, secret } = work;
      return Promise.all(indices.map((index) => signedPost(WEBHOOK, eventBody(store, index), secret)));
    }
    case "gets": {
      const headers = { authorization: `Bearer ${work.adminKey}` };
      return Array.from({ length: work.times }, () => ({ method: "GET", path: work.path, headers }));
    }
    case "posts": {
      const post = await signedPost(work.path, eventBodyOf(work.bytes), work.secret);
      return Array.from({ length: work.times }, () => post);
    }
  }
}

async function signedPost(path: string, body: string, secret: string): Promise<Prepared> {
  const signature = await signPayload(body, secret, { timestampSeconds: Math.floor(Date.now() / 1000) });
  const headers = { "content-type": "application/json; charset=utf-8", "stripe-signature": signature };
  return { method: "POST", path, headers, body };
}
