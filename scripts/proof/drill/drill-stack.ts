/** The stack and everybody around it: Stripe, an operator, accounts at the ledger, and whoever writes down its requests. */
import { type TempStack, startTempStack } from "../../sandbox/stack/temp-stack.ts";
import { PlainError } from "../../lib/failure.ts";
import { operatorOf } from "./operator.ts";
import { RequestCollector } from "./requests.ts";
import { type SenderOptions, Stripe } from "./stripe.ts";
import type { Sources } from "./evidence.ts";

const EXIT_INTERRUPTED = 130;
/** Beside Stripe's: the operator's, the ledger's. */
const OTHER_CONNECTIONS = 64;

export interface Stage extends Sources {
  readonly temp: TempStack;
  openAccounts(dids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export async function setStage(
  vars: Readonly<Record<string, string>>,
  sender: Omit<SenderOptions, "clawsettle">,
): Promise<Stage> {
  const temp = await startTempStack({ vars, connections: sender.connections + OTHER_CONNECTIONS });
  const { stack, http, clawsettle, ledger, sandbox } = temp;
  const collector = new RequestCollector(sandbox);
  collector.start();
  const close = async (): Promise<void> => {
    process.off("SIGINT", interrupted);
    await collector.stop();
    await temp.stop();
  };
  // The Workers would end by themselves; their data would stay behind.
  const interrupted = () => void close().finally(() => process.exit(EXIT_INTERRUPTED));
  process.once("SIGINT", interrupted);
  return {
    temp,
    stripe: new Stripe({ ...sender, clawsettle }),
    operator: operatorOf(http, stack.clawsettleUrl, stack.secrets.SETTLE_ADMIN_KEY),
    sandbox,
    collector,
    async openAccounts(dids) {
      for (const did of dids) {
        const { status } = await ledger.createAccount(did);
        if (status !== 201) throw new PlainError(`The ledger made no account: it answered ${status}.`);
      }
    },
    close,
  };
}

/** Rejects when a process of the stack dies that nobody has killed. */
export function whileAlive<T>({ temp }: Stage, work: Promise<T>): Promise<T> {
  const died = temp.stack.died.then((message): never => {
    throw new PlainError(message);
  });
  return Promise.race([work, died]);
}
