/** An inequality that does not hold, with its numbers. */
export interface Violation {
  /** `I…` for the budget, `C…` for single settings. */
  readonly id: string;
  readonly name: string;
  /** Both sides with their parts, as in `a 3 MB + b 4 MB = 7 MB > 6 MB`. */
  readonly arithmetic: string;
}

/** `I1 (the containers fit the machine) does not hold`. */
export const violationText = ({ id, name }: Violation): string => `${id} (${name}) does not hold`;

const INDENT = "    ";
/** Columns of a line with its indent. */
const WIDTH = 108;

/** Below the line that says what is wrong. */
export const indented = (text: string): string => `${INDENT}${text}`;

/** The arithmetic in indented lines, broken before its operators and before what explains it in parentheses. */
export const arithmeticText = ({ arithmetic }: Violation): string => {
  const lines: string[] = [];
  for (const part of arithmetic.split(/ (?=[+=>(] ?)/)) {
    const last = lines.at(-1);
    const joined = `${last} ${part}`;
    if (last === undefined || part.startsWith("(") || joined.length > WIDTH) lines.push(indented(part));
    else lines[lines.length - 1] = joined;
  }
  return lines.join("\n");
};
