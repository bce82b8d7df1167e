/** The client against a real HTTP server, whose answers break in the ways that networks break them. */
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  IMPATIENT_MS,
  KEY,
  PATIENT_MS,
  PAYLOAD,
  SETTLED,
  unavailable,
  unknown,
  useTestLedger,
} from "./server.ts";

const ledger = useTestLedger();

describe("no answer → unknown", () => {
  it("no headers in time → timeout", async () => {
    ledger.respond = () => undefined;
    expect(await ledger.client({ timeoutMs: IMPATIENT_MS }).ingest(PAYLOAD, KEY)).toEqual(
      unknown("timeout", null),
    );
  });

  it("no headers in time → the request is given up, so that the server sees the connection close", async () => {
    const closed = Promise.withResolvers<void>();
    ledger.respond = (response) => void response.on("close", closed.resolve);
    await ledger.client({ timeoutMs: IMPATIENT_MS }).ingest(PAYLOAD, KEY);
    await expect(closed.promise).resolves.toBeUndefined();
  });

  it("connection reset before the headers → connection_lost", async () => {
    ledger.respond = (response) => response.socket?.resetAndDestroy();
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unknown("connection_lost", null));
    expect(ledger.received).toHaveLength(1);
  });

  it("connection closed before the headers → connection_lost", async () => {
    ledger.respond = (response) => response.destroy();
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unknown("connection_lost", null));
    expect(ledger.received).toHaveLength(1);
  });

  it("no HTTP at all → connection_lost", async () => {
    ledger.respond = (response) => response.socket?.end("SSH-2.0-OpenSSH_9.9\r\n");
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unknown("connection_lost", null));
  });

  it("nobody listens → connection_lost", async () => {
    const baseUrl = ledger.origin;
    await ledger.stop();
    expect(await ledger.client({ baseUrl }).ingest(PAYLOAD, KEY)).toEqual(unknown("connection_lost", null));
    expect(await ledger.client({ baseUrl }).findSettlement("pi_1", "payin")).toEqual(
      unknown("connection_lost", null),
    );
  });

  it.each(["no url", "ftp://127.0.0.1/", ""])(
    "a base URL %j that cannot be called → connection_lost",
    async (baseUrl) => {
      expect(await ledger.client({ baseUrl }).ingest(PAYLOAD, KEY)).toEqual(unknown("connection_lost", null));
    },
  );
});

describe("an answer that breaks off behind its status", () => {
  const breaks: Record<string, (response: ServerResponse, status: number) => void> = {
    "closed before its Content-Length": (response, status) => {
      response.writeHead(status, { "content-length": "5000" }).write(SETTLED, () => response.destroy());
    },
    "closed inside a chunked body": (response, status) => {
      response.writeHead(status).write(SETTLED, () => response.socket?.resetAndDestroy());
    },
    "hanging after the headers": (response, status) => {
      response.writeHead(status).flushHeaders();
    },
    "hanging inside the body": (response, status) => {
      response.writeHead(status, { "content-length": "5000" }).write(SETTLED);
    },
    "corrupted in its compression": (response, status) => {
      response.writeHead(status, { "content-encoding": "gzip" }).end(gzipSync(SETTLED).fill(0xff, 10));
    },
    "longer than any answer of a ledger": (response, status) => {
      response.writeHead(status).end(SETTLED + " ".repeat(70_000));
    },
    "without an end": (response, status) => {
      const flood = setInterval(() => response.write("x".repeat(16_384)), 1);
      response.writeHead(status).on("close", () => clearInterval(flood));
    },
    "a small answer that unpacks into a large one": (response, status) => {
      response.writeHead(status, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(20_000_000)));
    },
  };

  describe.each(Object.entries(breaks))("%s", (name, broken) => {
    const timeoutMs = name.startsWith("hanging") ? IMPATIENT_MS : PATIENT_MS;

    it.each([
      [201, unknown("answer_cut_off", 201)],
      [409, unknown("answer_cut_off", 409)],
      [500, unavailable(500, null, null)],
    ])("%i", async (status, outcome) => {
      ledger.respond = (response) => broken(response, status);
      expect(await ledger.client({ timeoutMs }).ingest(PAYLOAD, KEY)).toEqual(outcome);
    });
  });

  it("an endless answer is given up, so that the server sees the connection close", async () => {
    const closed = Promise.withResolvers<void>();
    ledger.respond = (response) => {
      const flood = setInterval(() => response.write("x".repeat(16_384)), 1);
      response.writeHead(200).on("close", () => {
        clearInterval(flood);
        closed.resolve();
      });
    };
    await ledger.client().ingest(PAYLOAD, KEY);
    await expect(closed.promise).resolves.toBeUndefined();
  });
});
