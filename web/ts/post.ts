// A post's page: thanking without leaving it, sharing, printing.
//
// POST {form.action} with `on=1|0` and `accept: application/json` answers
// `{ "thanked": boolean, "thanks": number }`; any other status falls back to the plain form.

const saidMs = 8000;

interface ThanksAnswer {
  thanked: boolean;
  thanks: number;
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-thanks]")) {
  const on = form.querySelector<HTMLInputElement>("input[name=on]");
  const button = form.querySelector("button");
  const count = form.querySelector("[data-count]");
  const said = form.querySelector<HTMLElement>("[data-said]");
  if (!on || !button || !count || !said) continue;
  // Not `disabled`: that would take the focus from whoever pressed it with a key.
  let busy = false;
  let quieter = 0;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      const response = await fetch(form.getAttribute("action") ?? "", {
        method: "POST",
        headers: { accept: "application/json" },
        body: new URLSearchParams({ on: on.value }),
      });
      if (!response.ok) throw new Error(String(response.status));
      const answer = (await response.json()) as ThanksAnswer;
      on.value = answer.thanked ? "0" : "1";
      button.setAttribute("aria-pressed", String(answer.thanked));
      count.textContent = answer.thanks > 0 ? String(answer.thanks) : "";
      said.textContent = answer.thanked ? (said.dataset.said ?? "") : "";
      // It lies over the words; whoever has read it goes on reading them.
      clearTimeout(quieter);
      quieter = setTimeout(() => said.replaceChildren(), saidMs);
    } catch {
      form.submit();
    } finally {
      busy = false;
    }
  });
}

/** Browsers inside other apps neither share nor copy: then the address is there to be copied by hand. */
function showAddress(button: HTMLButtonElement, url: string): void {
  const row = button.parentElement;
  let field = row?.querySelector<HTMLInputElement>(".share-address input");
  if (!field) {
    const label = document.createElement("label");
    label.className = "share-address";
    field = document.createElement("input");
    field.type = "text";
    field.readOnly = true;
    field.value = url;
    label.append(button.dataset.byHand ?? "", field);
    row?.append(label);
  }
  field.focus();
  field.select();
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-share]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const url =
      document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href ?? location.href;
    if (navigator.share) {
      await navigator.share({ title: document.title, url }).catch(() => undefined);
      return;
    }
    try {
      await navigator.clipboard.writeText(url);
    } catch {
      showAddress(button, url);
      return;
    }
    const bubble = document.createElement("span");
    bubble.className = "bubble";
    bubble.setAttribute("role", "status");
    bubble.textContent = button.dataset.copied ?? "";
    button.append(bubble);
    setTimeout(() => bubble.remove(), 2500);
  });
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
