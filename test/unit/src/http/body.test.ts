import { afterEach, describe, expect, it, vi } from "vitest";
import { readBody } from "../../../../src/http/body.ts";
import { EVENT_MAX_BYTES } from "../../../../src/stripe/event.ts";
import { brokenBody } from "../../../support/broken-body.ts";

interface Sent {
  readonly request: Request;
  /** Chunks that were asked of the sender. */
  readonly pulled: () => number;
  readonly isCancelled: () => boolean;
}

/** A request that sends chunks as they are asked for, and says of its length what it likes. */
function send(sizes: Iterable<number>, contentLength?: string): Sent {
  const iterator = sizes[Symbol.iterator]();
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(new Uint8Array(next.value).fill(pulled++ % 256));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const headers: HeadersInit = contentLength === undefined ? {} : { "content-length": contentLength };
  const init = { method: "POST", body, headers, duplex: "half" };
  const request = new Request("https://settle.example/", init as RequestInit);
  return { request, pulled: () => pulled, isCancelled: () => cancelled };
}

function* endless(size: number): Generator<number> {
  for (;;) yield size;
}

describe("a body within the limit → its bytes", () => {
  it("none → none", async () => {
    const request = new Request("https://settle.example/", { method: "POST" });
    expect(await readBody(request, 10)).toEqual(new Uint8Array());
  });

  it("an empty stream → none", async () => {
    expect(await readBody(send([]).request, 10)).toEqual(new Uint8Array());
  });

  it("text → its very bytes, a byte-order mark and all", async () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0xff, 0x00]);
    const request = new Request("https://settle.example/", { method: "POST", body: bytes });
    expect(await readBody(request, 100)).toEqual(bytes);
  });

  it("several chunks → in order", async () => {
    expect(await readBody(send([2, 1, 3]).request, 6)).toEqual(new Uint8Array([0, 0, 1, 2, 2, 2]));
  });

  it("of exactly the limit → taken", async () => {
    expect(await readBody(send([6, 4]).request, 10)).toHaveLength(10);
  });

  it("of exactly the limit, in as many chunks → taken", async () => {
    const limit = 20_000;
    expect(await readBody(send(Array(limit).fill(1)).request, limit)).toHaveLength(limit);
  });

  it("the bytes have a buffer of their own: keeping them keeps no other bytes in memory", async () => {
    const body = await readBody(send([6, 4]).request, 100);
    expect(body?.buffer.byteLength).toBe(10);
  });
});

describe("a body over the limit → null", () => {
  it("by one byte", async () => {
    expect(await readBody(send([6, 5]).request, 10)).toBeNull();
  });

  it("in one chunk", async () => {
    expect(await readBody(send([11]).request, 10)).toBeNull();
  });

  it("without an end → read no further than the limit, and the stream is cancelled", async () => {
    const sent = send(endless(1_024));
    expect(await readBody(sent.request, EVENT_MAX_BYTES)).toBeNull();
    expect(sent.pulled()).toBe(1_025);
    expect(sent.isCancelled()).toBe(true);
  });

  it("without an end, byte by byte → read no further than the limit", async () => {
    const sent = send(endless(1));
    expect(await readBody(sent.request, 5_000)).toBeNull();
    expect(sent.pulled()).toBe(5_001);
  });

  it("announced → refused before a byte of it is read", async () => {
    const sent = send(endless(1_024), "11");
    expect(await readBody(sent.request, 10)).toBeNull();
    expect(sent.pulled()).toBe(0);
  });
});

describe("Content-Length is only a hint", () => {
  it.each(["0", "1", "-1", "abc", "", "1, 1"])(
    "%o, and a body over the limit → null all the same",
    async (length) => {
      expect(await readBody(send([11], length).request, 10)).toBeNull();
    },
  );

  it.each(["0", "3", "9", "abc", "NaN", "-5"])(
    "%o, and a body within the limit → its bytes",
    async (length) => {
      expect(await readBody(send([5], length).request, 10)).toHaveLength(5);
    },
  );
});

describe("a sender that goes away", () => {
  it("→ the error is the caller's to answer, and no half of a body is taken for a whole one", async () => {
    const request = new Request("https://settle.example/", {
      method: "POST",
      body: brokenBody(),
      duplex: "half",
    } as RequestInit);
    await expect(readBody(request, 10)).rejects.toThrow("gone");
  });
});

describe("a sender that never comes to an end", () => {
  afterEach(() => vi.useRealTimers());

  const waiting = (headers: HeadersInit) => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
    return readBody(new Request("https://settle.example/", init), 10);
  };

  it.each([{}, { "content-length": "2" }])("%o → given up after 20 s, not before", async (headers) => {
    vi.useFakeTimers();
    let ended: unknown = null;
    const reading = waiting(headers).catch((error: unknown) => (ended = error));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(ended).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading).toMatchObject({ name: "BodyTimeout" });
  });

  it("a body that came in time leaves no timer behind", async () => {
    vi.useFakeTimers();
    await readBody(send([1]).request, 10);
    expect(vi.getTimerCount()).toBe(0);
  });
});
