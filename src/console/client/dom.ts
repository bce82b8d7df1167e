/**
 * As much of the browser as the console's script uses: the Worker's types know of no document. Types only.
 */

export interface Element {
  readonly id: string;
  readonly children: Iterable<Element>;
  readonly childNodes: Iterable<unknown>;
  readonly dataset: Record<string, string | undefined>;
  hidden: boolean;
  open: boolean;
  textContent: string | null;
  className: string;
  readonly action: string;
  contains(other: Element | null): boolean;
  focus(): void;
  isEqualNode(other: Element): boolean;
  matches(selector: string): boolean;
  querySelectorAll(selector: string): Iterable<Element>;
  replaceChildren(...children: unknown[]): void;
}

export interface Page {
  readonly activeElement: Element | null;
  readonly hidden: boolean;
  addEventListener(type: string, listener: (event: SubmitEvent) => void): void;
  getElementById(id: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

export interface SubmitEvent {
  readonly target: Element;
  preventDefault(): void;
}

export interface Browser {
  readonly document: Page;
  readonly location: { readonly href: string; reload(): void };
  readonly DOMParser: new () => { parseFromString(text: string, type: string): Page };
  readonly FormData: new (form: Element) => Iterable<[string, string]>;
}
