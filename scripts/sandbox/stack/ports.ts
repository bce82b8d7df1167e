import { randomInt } from "node:crypto";
import { createServer } from "node:net";

export const HOST = "127.0.0.1";

/** Above the well-known ports of other development servers. */
const LOWEST_PORT = 10_000;
/** Linux begins here, others later. */
const EPHEMERAL_PORTS_FROM = 32_768;

/** True when nothing listens on this port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/**
 * A port that was free a moment ago. Not one that the system would choose: those lie in the range from which
 * every outgoing connection takes its own, so that one may be gone again before a Worker opens it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, EPHEMERAL_PORTS_FROM);
    if (await isFree(port)) return port;
  }
}
