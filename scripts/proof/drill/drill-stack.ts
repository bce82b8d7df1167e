/** The stack, with a sender in Stripe's place and a collector of the ledger's requests. */
import { PlainError } from "../../lib/failure.ts";
import { startTempStack, type TempStack, type TempStackOptions } from "../../sandbox/stack/temp-stack.ts";
import { CURRENCIES } from "../histories/random-history.ts";
import { RequestCollector } from "./request-collector.ts";
import { type SenderOptions, StripeSender } from "./stripe-sender.ts";

const EXIT_INTERRUPTED = 130;
/** Beside the sender's: an operator's, the ledger's. */
const OTHER_CONNECTIONS = 64;

export interface DrillStack extends TempStack {
  readonly sender: StripeSender;
  readonly collector: RequestCollector;
}

/** Runs `work` on a stack of its own. Rejects when a process of it dies that nobody has killed. */
export async function withDrillStack<T>(
  options: TempStackOptions & { readonly sender: Omit<SenderOptions, "clawsettle"> },
  work: (drill: DrillStack) => Promise<T>,
): Promise<T> {
  const LEDGER_CURRENCIES = CURRENCIES.join(",").toUpperCase();
  const vars = { LEDGER_CURRENCIES, ...options.vars };
  const connections = options.sender.connections + OTHER_CONNECTIONS;
  const temp = await startTempStack({ ...options, vars, connections });
  const { clawsettle, sandbox, stack } = temp;
  const collector = new RequestCollector(sandbox);
  const sender = new StripeSender({ ...options.sender, clawsettle });
  const died = stack.died.then((message): never => {
    throw new PlainError(message);
  });
  const close = async (): Promise<void> => {
    process.off("SIGINT", interrupted);
    await collector.stop();
    await temp.stop();
  };
  // The Workers would end by themselves; their data would stay behind.
  const interrupted = () => void close().finally(() => process.exit(EXIT_INTERRUPTED));
  process.once("SIGINT", interrupted);
  try {
    return await Promise.race([work({ ...temp, sender, collector }), died]);
  } finally {
    await sender.stop();
    await close();
  }
}

export async function openAccounts({ ledger }: DrillStack, dids: readonly string[]): Promise<void> {
  for (const did of dids) {
    const { status } = await ledger.createAccount(did);
    if (status !== 201) throw new PlainError(`The ledger made no account: it answered ${status}.`);
  }
}
