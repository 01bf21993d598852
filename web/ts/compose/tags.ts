/** Tags as they are typed, separated by spaces or commas of either script; each once, in order. */
export function splitTags(text: string): string[] {
  const tags = text
    .normalize("NFKC")
    .split(/[\s,、，]+/u)
    .map((tag) => tag.replace(/^#+/u, ""))
    .filter((tag) => tag !== "");
  return [...new Set(tags)];
}

/** Shows under `input` how its text will be read, each tag with a button that takes it out. */
export function showTagChips(input: HTMLInputElement, removeLabel: string): void {
  const list = document.createElement("div");
  list.className = "tag-chips";
  input.after(list);
  const show = () => {
    list.replaceChildren(
      ...splitTags(input.value).map((tag) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = `${tag} ×`;
        button.setAttribute("aria-label", removeLabel.replace("{name}", tag));
        button.addEventListener("click", () => {
          input.value = splitTags(input.value)
            .filter((other) => other !== tag)
            .join(" ");
          input.dispatchEvent(new Event("input", { bubbles: true }));
          input.focus();
        });
        return button;
      }),
    );
  };
  input.addEventListener("input", show);
  show();
}
