// On every page: suggestions in the search boxes, questions before what cannot be undone, passwords to be seen. Small on purpose.

import { suggestIn } from "./suggest/combobox";

const parts = document.querySelector<HTMLTemplateElement>("template[data-suggestions]");
for (const box of document.querySelectorAll<HTMLInputElement>(".search-box input")) {
  if (parts) suggestIn(box, parts);
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A password typed with one thumb may be looked at; it goes out as a password all the same.
for (const field of document.querySelectorAll<HTMLInputElement>("input[data-show]")) {
  const label = document.createElement("label");
  label.className = "check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => {
    field.type = box.checked ? "text" : "password";
  });
  field.form?.addEventListener("submit", () => {
    field.type = "password";
  });
  label.append(box, field.dataset.show ?? "");
  field.after(label);
}

// An error summary is read first, by eyes and by screen readers.
document.querySelector<HTMLElement>("[data-error-summary]")?.focus();

// One press, one request: a second press while the first is under way does nothing.
for (const form of document.querySelectorAll<HTMLFormElement>("form[method=post]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    // Only once every listener has had its say is it known whether the form really goes.
    setTimeout(() => {
      if (!event.defaultPrevented) sent = true;
    });
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}
