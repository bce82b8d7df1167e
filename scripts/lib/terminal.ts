import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "red" | "cyan";

/** Coloured on a terminal, plain in a file or a pipe; NO_COLOR and FORCE_COLOR are honoured. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
