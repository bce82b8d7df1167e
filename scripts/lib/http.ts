import { isIP, type LookupFunction } from "node:net";
import { Agent, request } from "undici";

/** Longer than the Worker waits for its ledger, so that we see its answer and not our own timeout. */
const ANSWER_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

export type Answer = {
  readonly status: number;
  /** The parsed JSON, or the text when it is none. */
  readonly body: unknown;
  readonly ms: number;
};

export type Call = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type HttpClient = ReturnType<typeof httpClient>;

type HttpClientOptions = {
  /** Connect here whatever DNS says. Host header and TLS name stay those of the URL. */
  readonly resolveIp?: string;
  readonly connections?: number;
};

/** A small JSON client. It never follows a redirect: the requests carry keys. */
export function httpClient(options: HttpClientOptions = {}) {
  const agent = new Agent({
    connections: options.connections ?? 4,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(options.resolveIp === undefined ? {} : { lookup: fixedLookup(options.resolveIp) }),
    },
  });
  return {
    async send(call: Call): Promise<Answer> {
      const started = performance.now();
      const response = await request(call.url, {
        method: call.method,
        dispatcher: agent,
        headers: { ...call.headers },
        ...(call.body === undefined ? {} : { body: call.body }),
      });
      const text = await response.body.text();
      return { status: response.statusCode, body: parsed(text), ms: performance.now() - started };
    },
    close: (): Promise<void> => agent.destroy(),
  };
}

/** Calls of one API: JSON both ways, under one key. */
export function jsonApi({ send }: Pick<HttpClient, "send">, baseUrl: URL, key: string) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json; charset=utf-8" };
  return (method: Call["method"], path: string, body?: string): Promise<Answer> =>
    send({ method, url: new URL(path, baseUrl), headers, ...(body !== undefined && { body }) });
}

function fixedLookup(address: string): LookupFunction {
  const family = isIP(address);
  return (_hostname, options, callback) => {
    // Node asks for all addresses when it means to try both IP families, and for one otherwise.
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The value at a path inside an answer's body; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[key];
  }
  return current;
}
