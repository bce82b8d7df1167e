import { styleText } from "node:util";
import { SingleBar } from "cli-progress";

type Style = "bold" | "dim" | "green" | "red" | "cyan";

/** Coloured on a terminal, plain in a file or a pipe; NO_COLOR and FORCE_COLOR are honoured. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Runs `work` with a progress bar that `step` moves on; without one where stderr is no terminal. */
export async function withProgressBar<T>(total: number, work: (step: () => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work(() => undefined);
  const bar = new SingleBar({
    format: "{bar} {value}/{total}  {eta_formatted} left",
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  try {
    return await work(() => bar.increment());
  } finally {
    bar.stop();
  }
}
