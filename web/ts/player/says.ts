// What a player tells in words, over the film's upper edge. The words are in the page, as `<template data-says="…">`.

export type Word = "slow" | "another" | "more" | "failed" | "gone";

export class Says {
  private shown: Word | undefined;

  /** @param place a live region */
  constructor(private readonly place: HTMLElement) {}

  /** @param act what its button does, if it has one */
  show(word: Word, act?: () => void): void {
    if (this.shown === word) return;
    const words = this.place.querySelector<HTMLTemplateElement>(`template[data-says=${word}]`);
    if (!words) return;
    this.clear();
    this.shown = word;
    this.place.append(words.content.cloneNode(true));
    this.place.querySelector(":scope > button")?.addEventListener("click", () => act?.());
  }

  clear(): void {
    this.shown = undefined;
    for (const child of [...this.place.children]) {
      if (!(child instanceof HTMLTemplateElement)) child.remove();
    }
  }
}
