// A search box that suggests while one types: ARIA's combobox with a list below it. The box keeps the focus; the arrows move
// `aria-activedescendant`. Each option is a link, so that it opens as links do.
//
// Expects `<template data-suggestions>` with one `<a data-kind>` for each kind of suggestion, in it `[data-text]` for its words;
// `data-t-label` names the list, `data-t-one` and `data-t-many` (`{n}`) say how long it is.

import { actOf } from "./keys";
import { type Suggestion, Suggestions, withFilters } from "./suggestions";

let boxes = 0;

async function ask(q: string, signal: AbortSignal): Promise<unknown> {
  const headers = { accept: "application/json" };
  const answer = await fetch(`/search/suggest?${new URLSearchParams({ q })}`, { headers, signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

export function suggestIn(box: HTMLInputElement, parts: HTMLTemplateElement): void {
  const list = document.createElement("div");
  list.id = `suggestions-${++boxes}`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", parts.dataset.tLabel ?? "");
  // Read out only what comes into it while it is there.
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  box.after(list, said);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  let options: HTMLAnchorElement[] = [];
  let active = -1;
  const suggestions = new Suggestions(ask, show);

  function activate(to: number): void {
    options[active]?.setAttribute("aria-selected", "false");
    active = to;
    const option = options[to];
    if (!option) {
      box.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  }

  function optionOf({ kind, text, href }: Suggestion, place: number): HTMLAnchorElement[] {
    const part = parts.content.querySelector<HTMLAnchorElement>(`a[data-kind="${kind}"]`);
    const option = part?.cloneNode(true) as HTMLAnchorElement | undefined;
    const words = option?.querySelector("[data-text]");
    if (!option || !words) return [];
    words.textContent = text;
    const fields = box.form ? [...new FormData(box.form)] : [];
    const filters = fields.map(([name, value]): [string, string] => [name, String(value)]);
    option.href = kind === "word" ? withFilters(href, filters) : href;
    option.id = `${list.id}-${place}`;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    return [option];
  }

  function show(found: Suggestion[]): void {
    activate(-1);
    options = found.flatMap(optionOf);
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    list.scrollTop = 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
    const { tOne, tMany } = parts.dataset;
    const length = options.length === 1 ? tOne : tMany?.replace("{n}", String(options.length));
    said.textContent = list.hidden ? "" : (length ?? "");
  }

  function close(): void {
    suggestions.stop();
    show([]);
  }

  box.addEventListener("input", () => {
    // What was active was so for another text.
    activate(-1);
    suggestions.type(box.value);
  });
  box.addEventListener("keydown", (event) => {
    const act = actOf(event, { isOpen: !list.hidden, active, count: options.length });
    if (!act) return;
    event.preventDefault();
    if (act === "open") suggestions.type(box.value);
    else if (act === "close") close();
    else if (act === "choose") options[active]?.click();
    else activate(act.to);
  });
  box.addEventListener("blur", close);
  box.form?.addEventListener("submit", close);
  // The box keeps the focus, and a phone its keyboard, until the link is followed.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", () => setTimeout(close));
}
