/** `npm run stripe:endpoint`. */
import { runCommand } from "../lib/command.ts";
import { configureEndpoint } from "./stripe-endpoint/configure-endpoint.ts";
import { HELP, OPTIONS } from "./stripe-endpoint/options.ts";

await runCommand({ help: HELP, options: OPTIONS }, configureEndpoint);
