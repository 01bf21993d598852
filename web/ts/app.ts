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
