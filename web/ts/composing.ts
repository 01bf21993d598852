/** What is known of a key press while an input method may be at work: a `KeyboardEvent` is one. */
export interface Press {
  keyCode: number;
  isComposing: boolean;
}

/** Whether a key is the input method's own. Safari tells of the Enter that ends a conversion by the code alone. */
export function isComposing(press: Press): boolean {
  return press.isComposing || press.keyCode === 229;
}
