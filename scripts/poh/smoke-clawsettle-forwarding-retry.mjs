#!/usr/bin/env node
/** The retry smoke, under the path that operators' runbooks name: it must not move. */
import { runsOnPinnedNode } from "../lib/pinned-node.mjs";

if (runsOnPinnedNode(import.meta.url)) await import("../commands/smoke/forwarding-retry.ts");
