import { resolve } from "node:path";
import { HOST } from "../../../sandbox/stack/ports.ts";
import { startChild } from "../child.ts";

export interface BenchLedger {
  readonly origin: string;
  stop(): Promise<void>;
}

export async function startBenchLedger(): Promise<BenchLedger> {
  const child = startChild(resolve(import.meta.dirname, "process.ts"));
  const { port } = (await child.next()) as { port: number };
  return { origin: `http://${HOST}:${port}`, stop: () => child.stop() };
}
