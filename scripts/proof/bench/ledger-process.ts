/**
 * A ledger that accepts everything at once, in a process of its own, where it costs nobody who is measured.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "../../sandbox/stack/ports.ts";

let settled = 0;

const server = createServer({ keepAlive: true, keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume();
  request.once("end", () => {
    const id = String(++settled).padStart(20, "0");
    const body = JSON.stringify({ settlement: { id: `stl_${id}` }, event: { id: `evt_${id}` } });
    response.writeHead(201, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
});

// A parent that dies without a word closes this channel. Without it nobody would ever stop us.
process.once("disconnect", () => process.exit(0));
server.listen(0, HOST, () => process.send?.({ port: (server.address() as AddressInfo).port }));
