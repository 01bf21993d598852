/** The line below a field that says what is wrong: as the page wrote it, or made now if there is something to say. */
export function fieldError(field: Element | null, isNeeded: boolean): HTMLElement | null {
  const known = field?.querySelector<HTMLElement>(".field-error") ?? null;
  if (known || !field || !isNeeded) return known;
  const line = document.createElement("p");
  line.className = "field-error";
  line.setAttribute("role", "alert");
  field.append(line);
  return line;
}
