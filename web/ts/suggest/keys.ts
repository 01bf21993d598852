/** What keys do in a search box whose suggestions may be open. Pure. */

import { isComposing, type Press } from "../composing";

/** What is known of a key press: a `KeyboardEvent` is one. */
export interface Key extends Press {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

/** `active` is the place of the option that Enter would choose; -1 for none. */
export interface List {
  isOpen: boolean;
  active: number;
  count: number;
}

export type Act = { to: number } | "open" | "choose" | "close" | undefined;

/** What the key does here; `undefined` leaves it to the browser, as all keys that move within the text are. */
export function actOf(key: Key, { isOpen, active, count }: List): Act {
  if (isComposing(key)) return undefined;
  if (key.altKey || key.ctrlKey || key.metaKey || key.shiftKey) return undefined;
  if (!isOpen) return key.key === "ArrowDown" ? "open" : undefined;
  switch (key.key) {
    case "ArrowDown":
      return { to: moved(active, 1, count) };
    case "ArrowUp":
      return { to: moved(active, -1, count) };
    case "Enter":
      return active === -1 ? undefined : "choose";
    case "Escape":
      return "close";
    default:
      return undefined;
  }
}

/** Round and round; between the last option and the first lies the text itself, -1. */
function moved(active: number, by: number, count: number): number {
  const places = count + 1;
  return ((active + 1 + by + places) % places) - 1;
}
