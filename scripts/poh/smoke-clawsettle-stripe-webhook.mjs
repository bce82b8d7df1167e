#!/usr/bin/env node
import { runsOnPinnedNode } from "../lib/pinned-node.mjs";

if (runsOnPinnedNode(import.meta.url)) {
  const { runMain } = await import("../lib/failure.ts");
  const { main } = await import("../commands/smoke/webhook.ts");
  await runMain(() => main(process.argv.slice(2)));
}
