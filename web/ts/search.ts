// The search page: changing a filter searches at once, when there is something to search for.

const form = document.querySelector<HTMLFormElement>("form[data-search]");
form?.addEventListener("change", (event) => {
  const changed = event.target;
  if (changed instanceof HTMLInputElement && changed.type === "search") return;
  const words = form.querySelector<HTMLInputElement>("input[name=q]");
  if (words?.value.trim()) form.requestSubmit();
});
