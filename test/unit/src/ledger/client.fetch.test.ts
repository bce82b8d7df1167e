import { afterEach, describe, expect, it, vi } from "vitest";
import type { FetchLike } from "../../../../src/ledger/client.ts";
import { ACCEPTED, KEY, PAYLOAD, SETTLED, unavailable, unknown, useTestLedger } from "./server.ts";

const ledger = useTestLedger();

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the fetch in use", () => {
  it("the global one → looked up at each call, not when the client was made", async () => {
    const made = ledger.client();
    const spy = vi
      .spyOn(globalThis, "fetch")
      .mockImplementation(async () => new Response(SETTLED, { status: 201 }));
    expect(await made.ingest(PAYLOAD, KEY)).toEqual(ACCEPTED);
    expect(spy).toHaveBeenCalledTimes(1);
    expect(spy.mock.contexts[0]).toBe(globalThis);
    expect(ledger.received).toEqual([]);
  });

  it("a custom one → called instead", async () => {
    const urls: string[] = [];
    const fetch = async (url: string) => {
      urls.push(url);
      return new Response(SETTLED, { status: 201 });
    };
    expect(await ledger.client({ baseUrl: "https://ledger.example", fetch }).ingest(PAYLOAD, KEY)).toEqual(
      ACCEPTED,
    );
    expect(urls).toEqual(["https://ledger.example/v1/payments/settlements/ingest"]);
  });

  it.each<[string, FetchLike, object]>([
    ["throws at once", throwing, unknown("connection_lost", null)],
    ["ignores the signal inside the body", bodyWithoutEnd, unknown("answer_cut_off", 201)],
    ["hides a redirect behind status 0, as browsers do", opaqueRedirect, unavailable(302, null, null)],
  ])("%s → has its meaning all the same", async (_, fetch, outcome) => {
    expect(await ledger.client({ timeoutMs: 10, fetch }).ingest(PAYLOAD, KEY)).toEqual(outcome);
  });

  it("ignores the signal → the timeout holds all the same, and the late body is canceled", async () => {
    const canceled = vi.fn<() => void>();
    const late = Promise.withResolvers<Response>();
    const outcome = await ledger.client({ timeoutMs: 10, fetch: () => late.promise }).ingest(PAYLOAD, KEY);
    expect(outcome).toEqual(unknown("timeout", null));
    late.resolve(new Response(new ReadableStream({ cancel: canceled }), { status: 201 }));
    await vi.waitFor(() => expect(canceled).toHaveBeenCalledTimes(1));
  });
});

describe("the deadline's timer", () => {
  it.each([
    ["an answer", () => Promise.resolve(new Response(SETTLED, { status: 201 }))],
    ["a failure", () => Promise.reject(new TypeError("lost"))],
  ])("is gone after %s: a pending one would keep the object in memory", async (_, fetch) => {
    vi.useFakeTimers();
    try {
      await ledger.client({ fetch }).ingest(PAYLOAD, KEY);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

function throwing(): never {
  throw new TypeError("Illegal invocation");
}

async function bodyWithoutEnd() {
  return new Response(new ReadableStream(), { status: 201 });
}

async function opaqueRedirect() {
  return Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" });
}
