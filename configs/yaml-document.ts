import { type Event, load, parseEvents, YAMLException } from "js-yaml";
import { UserError } from "./user-error";

const MAPPING = 3;
const SEQUENCE = 2;
const SCALAR = 4;
const ALIAS = 5;
const POP = 6;

export type Path = readonly (string | number)[];

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

interface Node {
  /** Offset of the key for a mapping's member, of the item for a sequence's. */
  readonly key: number;
  readonly value: number;
}

/** Where every key and value of a YAML text stands, by path. */
class Positions {
  private readonly nodes = new Map<string, Node>();
  private readonly events: readonly Event[];
  private at = 0;

  constructor(private readonly text: string) {
    this.events = [...parseEvents(text, {})];
    while (this.at < this.events.length && ![MAPPING, SEQUENCE, SCALAR].includes(this.type())) this.at += 1;
    if (this.at < this.events.length) this.walk([], 0);
  }

  /** The value's position, or the key's: what is wrong with a key is shown at the key. */
  find(path: Path, part: "key" | "value"): Position {
    // A value that is missing stands where its parent does.
    for (let length = path.length; length >= 0; length--) {
      const node = this.nodes.get(JSON.stringify(path.slice(0, length)));
      if (node) return this.position(length === path.length ? node[part] : node.key);
    }
    return { line: 1, column: 1 };
  }

  private type(): number {
    return (this.events[this.at] as { type: number }).type;
  }

  private start(): number {
    const event = this.events[this.at] as { start?: number; valueStart?: number; anchorStart?: number };
    return event.start ?? event.valueStart ?? event.anchorStart ?? 0;
  }

  private scalar(): string {
    const { valueStart, valueEnd } = this.events[this.at] as { valueStart: number; valueEnd: number };
    return this.text.slice(valueStart, valueEnd);
  }

  /** Records the node that begins at the current event, and moves behind it. */
  private walk(path: Path, key: number): void {
    this.nodes.set(JSON.stringify(path), { key, value: this.start() });
    const type = this.type();
    this.at += 1;
    if (type === MAPPING) {
      while (this.type() !== POP) {
        const offset = this.start();
        const name = this.type() === SCALAR ? this.scalar() : "";
        this.skip();
        this.walk([...path, name], offset);
      }
      this.at += 1;
    } else if (type === SEQUENCE) {
      for (let index = 0; this.type() !== POP; index++) this.walk([...path, index], this.start());
      this.at += 1;
    }
  }

  private skip(): void {
    const type = this.type();
    this.at += 1;
    if (type === SCALAR || type === ALIAS) return;
    while (this.type() !== POP) this.skip();
    this.at += 1;
  }

  private position(offset: number): Position {
    const before = this.text.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: offset - lineStart + 1 };
  }
}

/** A parsed YAML file whose mistakes can be shown where they stand. */
export interface YamlDocument {
  readonly value: unknown;
  readonly find: (path: Path, part: "key" | "value") => Position;
}

/** @throws UserError with file, line and column when the text is no YAML with one mapping in it */
export const parseYaml = (text: string, file: string): YamlDocument => {
  let value: unknown;
  try {
    value = load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { mark, reason } = error as { mark?: { line: number; column: number }; reason: string };
    const where = mark ? `${mark.line + 1}:${mark.column + 1}` : "1:1";
    const isEmpty = text.split("\n").every((l) => l.trim() === "" || l.trim().startsWith("#"));
    throw new UserError(
      isEmpty
        ? `${file}:1:1: the file is empty: it needs at least \`server_name: example.com\``
        : `${file}:${where}: this is no valid YAML: ${reason}`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const found = value === null ? "nothing" : Array.isArray(value) ? "a list" : JSON.stringify(value);
    throw new UserError(`${file}:1:1: expected settings such as \`server_name: example.com\`, got ${found}`);
  }
  const positions = new Positions(text);
  return { value, find: (path, part) => positions.find(path, part) };
};
