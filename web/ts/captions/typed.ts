/** The text of captions as it is typed: a line for each moment, its time first. Pure. */

const time =
  /^\s*[0-9０-９]{1,3}[:：][0-9０-９]{1,2}(?:[:：][0-9０-９]{1,2})?(?:[.,．，][0-9０-９]+)?/;

/** `1:02.3`, to the tenth of a second. */
export function clock(seconds: number): string {
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  const [whole, tenth] = [Math.floor(tenths / 10), tenths % 10];
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return tenth === 0 ? `${minutes}:${rest}` : `${minutes}:${rest}.${tenth}`;
}

/** What to put in place of a part of the text, and where the cursor stands afterwards. */
export interface Edit {
  from: number;
  to: number;
  insert: string;
  caret: number;
}

/** Where the line at `position` begins and ends. */
function lineAt(text: string, position: number): [number, number] {
  const from = text.lastIndexOf("\n", position - 1) + 1;
  const end = text.indexOf("\n", position);
  return [from, end === -1 ? text.length : end];
}

/**
 * Gives the cursor's line the time: a line of words without one gets it in front, one that has only a time gets the new one, and
 * below a finished line a new one begins. Going through pasted words, the cursor moves on to the next line that has no time.
 */
export function withTime(text: string, position: number, now: string): Edit {
  const [from, to] = lineAt(text, position);
  const line = text.slice(from, to);
  const has = time.exec(line)?.[0];
  if (has === undefined && line.trim() !== "") {
    const insert = `${now} `;
    const after = lineAt(text, to + 1);
    const next = to < text.length ? text.slice(...after) : "";
    const goesOn = next.trim() !== "" && !time.test(next);
    return { from, to: from, insert, caret: insert.length + (goesOn ? after[0] : to) };
  }
  if (has === undefined || line.slice(has.length).trim() === "") {
    const insert = `${now} `;
    return { from, to, insert, caret: from + insert.length };
  }
  const insert = `\n${now} `;
  return { from: to, to, insert, caret: to + insert.length };
}

/** Where line number `line` (from 1) begins and ends. */
export function lineRange(text: string, line: number): [number, number] {
  let from = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", from);
    if (end === -1) break;
    from = end + 1;
  }
  return lineAt(text, from);
}
