// The search page: changing a filter searches at once, when there is something to search for. The focus is where it was on
// the page that comes, so that a keyboard goes on from the filter.

const kept = "search-filter";
const form = document.querySelector<HTMLFormElement>("form[data-search]");

form?.addEventListener("change", (event) => {
  const changed = event.target;
  if (!(changed instanceof HTMLInputElement || changed instanceof HTMLSelectElement)) return;
  if (changed.type === "search") return;
  const words = form.querySelector<HTMLInputElement>("input[name=q]");
  if (!words?.value.trim()) return;
  sessionStorage.setItem(kept, changed.name);
  form.requestSubmit();
});

const before = sessionStorage.getItem(kept);
sessionStorage.removeItem(kept);
if (before) {
  const filter = form?.querySelector<HTMLElement>(
    `select[name="${CSS.escape(before)}"], input[name="${CSS.escape(before)}"]:checked`,
  );
  filter?.focus({ preventScroll: true });
}
