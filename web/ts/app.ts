// On every page: questions before what cannot be undone, sharing, printing. Small on purpose.

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// An error summary is read first, by eyes and by screen readers.
document.querySelector<HTMLElement>("[data-error-summary]")?.focus();

// One press, one request: a second press while the first is under way does nothing.
for (const form of document.querySelectorAll<HTMLFormElement>("form[method=post]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}
