/** The `message` of a JSON refusal, if that is what `body` is. */
export function told(body: string | undefined): string {
  try {
    const answer: unknown = JSON.parse(body ?? "");
    if (answer && typeof answer === "object" && "message" in answer) return String(answer.message);
  } catch {
    // Not JSON.
  }
  return "";
}
