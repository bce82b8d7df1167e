/** Runs the fuzz tests again and again, from other seeds, until one fails: its message names its seed. */
import { spawn } from "node:child_process";
import { runCommand, text, type Values, whole } from "../lib/command.ts";
import { EXIT_FAILED, EXIT_OK } from "../lib/failure.ts";
import { paint } from "../lib/terminal.ts";

const DEFAULT_MINUTES = 10;
const MOST_MINUTES = 24 * 60;
const MAX_SEED = 2 ** 30;
/** Per property and round. A new round is a new runtime: events pile up in one, and make it slow. */
const ROUND_SECONDS = 20;
const MOST_BATCHES = 1_000_000;
/** Of a seed that is run again: as far as it was run, however slow the machine is now. */
const REPLAY_SECONDS = 600;

const HELP = `Sends hostile input to the Worker in the local runtime until something is not as it should be.

  npm run fuzz                       for ${DEFAULT_MINUTES} minutes, each round from a new seed
  npm run fuzz -- --minutes 60
  npm run fuzz -- --seed 123         again what was found from this seed
  npm run fuzz -- --only console     only the test files whose name has this

Exit code: 0 when nothing was found, 1 otherwise, 2 wrong usage.`;

const OPTIONS = {
  minutes: whole(1, MOST_MINUTES, DEFAULT_MINUTES),
  seed: whole(0, MAX_SEED, null),
  only: text(""),
};

async function fuzz({ minutes, seed: given, only }: Values<typeof OPTIONS>): Promise<number> {
  if (given !== null) {
    const held = await round(given, 1, REPLAY_SECONDS, only);
    return held ? EXIT_OK : EXIT_FAILED;
  }
  const end = Date.now() + 60_000 * minutes;
  let rounds = 0;
  while (Date.now() < end) {
    const seed = Math.floor(Math.random() * MAX_SEED);
    rounds++;
    console.log(`round ${rounds}, seed ${seed}`);
    if (!(await round(seed, MOST_BATCHES, ROUND_SECONDS, only))) {
      console.log(`\n${paint("red", "Found something")}. The command that finds it again stands above.`);
      return EXIT_FAILED;
    }
  }
  console.log(`${paint("green", "Nothing was found")} in ${rounds} rounds.`);
  return EXIT_OK;
}

/** True when every property held. */
function round(seed: number, batches: number, seconds: number, only: string): Promise<boolean> {
  const env = {
    ...process.env,
    FUZZ_SEED: String(seed),
    FUZZ_BATCHES: String(batches),
    FUZZ_SECONDS: String(seconds),
  };
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--mode",
    "proof",
    "--project",
    "integration",
    `integration/fuzz.${only}`,
  ];
  const child = spawn(process.execPath, args, { env, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0));
  });
}

await runCommand({ help: HELP, options: OPTIONS }, fuzz);
