// Asking what could be meant by what is typed so far. Knows no document.
//
// GET /search/suggest?q={what is typed} → `{ "suggestions": [{ "kind": "word" | "tag" | "post", "text", "href" }] }`, the best first.
// `text` is plain; of a word it is what the whole box would hold. `href` is the path it leads to.

const kinds = ["word", "tag", "post"] as const;
const most = 8;
const quietMs = 120;
const keptTexts = 50;

export interface Suggestion {
  kind: (typeof kinds)[number];
  text: string;
  href: string;
}

/** Answers with the JSON for `text`, or fails. */
export type Ask = (text: string, signal: AbortSignal) => Promise<unknown>;

function isSuggestion(one: unknown): one is Suggestion {
  const { kind, text, href } = (one ?? {}) as Record<string, unknown>;
  const isOurs = typeof href === "string" && /^\/(?![/\\])/.test(href);
  return kinds.some((known) => known === kind) && typeof text === "string" && isOurs;
}

/** The suggestions of an answer. What leads out of the site, or is of no kind we know, is left out. */
export function readSuggestions(answer: unknown): Suggestion[] {
  const { suggestions } = (answer ?? {}) as { suggestions?: unknown };
  return Array.isArray(suggestions) ? suggestions.filter(isSuggestion).slice(0, most) : [];
}

/** The search at `href`, with those fields of its form that are set beside the words. */
export function withFilters(href: string, fields: [string, string][]): string {
  const filters = fields.filter(([name, value]) => name !== "q" && value !== "");
  return filters.length === 0 ? href : `${href}&${new URLSearchParams(filters)}`;
}

/**
 * Shows suggestions for the newest text only: asks once typing rests for a moment, one question at a time, no text twice.
 * A question without an answer shows nothing.
 */
export class Suggestions {
  private readonly known = new Map<string, Suggestion[]>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | undefined;

  constructor(
    private readonly ask: Ask,
    private readonly show: (found: Suggestion[]) => void,
  ) {}

  /** `text` is what the box holds now. */
  type(text: string): void {
    this.stop();
    const known = text.trim() === "" ? [] : this.known.get(text);
    if (known) this.show(known);
    else this.timer = setTimeout(() => void this.find(text), quietMs);
  }

  /** Shows nothing more until something is typed. */
  stop(): void {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = undefined;
  }

  private async find(text: string): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    let found: Suggestion[] = [];
    try {
      found = readSuggestions(await this.ask(text, asking.signal));
      this.keep(text, found);
    } catch {
      // The box searches without them.
    }
    if (this.asking === asking) this.show(found);
  }

  private keep(text: string, found: Suggestion[]): void {
    const [oldest] = this.known.keys();
    if (this.known.size >= keptTexts && oldest !== undefined) this.known.delete(oldest);
    this.known.set(text, found);
  }
}
