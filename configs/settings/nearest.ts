/** Edit distance with transpositions (optimal string alignment): a swapped pair of letters is one typing mistake. */
const distance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] as number) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
};

/** A third of the word may be wrong; more than that is another word, and a wrong guess is worse than none. */
const TOLERATED = 1 / 3;

/** The known name that a mistyped one most likely stands for; `-` and `_` count as the same letter. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  const digits = (text: string) => text.replaceAll(/\D/g, "");
  const plain = (text: string) => text.toLowerCase().replaceAll("-", "_");
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.floor(wanted.length * TOLERATED) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    // `msc3266` and `msc3391` are two features, not one with a slip of the finger.
    if (digits(candidate) !== digits(name)) continue;
    const found = distance(wanted, plain(candidate));
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
};
