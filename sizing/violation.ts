/** An inequality that does not hold, with its numbers. */
export interface Violation {
  /** `I…` for the budget, `C…` for single settings. */
  readonly id: string;
  readonly name: string;
  /** Both sides with their parts, as in `a 3 MB + b 4 MB = 7 MB > 6 MB`. */
  readonly arithmetic: string;
}

/** `I1 (the containers fit the machine) does not hold: …`. */
export const violationText = ({ id, name, arithmetic }: Violation): string =>
  `${id} (${name}) does not hold: ${arithmetic}`;
