/** One directive of an Nginx configuration, with a block or without. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
}

export const line = (name: string, ...args: readonly string[]): Directive => ({ name, args });

export const block = (name: string, args: readonly string[], directives: readonly Directive[]): Directive => ({
  name,
  args,
  block: directives,
});

/** A `map` block: the first regular expression that fits, else the default. */
export const map = (
  source: string,
  variable: string,
  ...cases: readonly (readonly [value: string, result: string])[]
): Directive =>
  block(
    "map",
    [source, variable],
    cases.map(([value, result]) => line(value, result)),
  );

/** Text of a list of directives. Arguments are written as they are: the caller quotes. */
export const print = (directives: readonly Directive[], indent = ""): string =>
  directives
    .map(({ name, args, block: inner }) => {
      const head = indent + [name, ...args].join(" ");
      return inner ? `${head} {\n${print(inner, `${indent}  `)}${indent}}\n` : `${head};\n`;
    })
    .join("");
