import {
  EVENT_ID,
  type Event,
  getScalarValue,
  load,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from "js-yaml";
import { UserError } from "./user-error";

export type Path = readonly (string | number)[];

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** What a mistake in the file is about: the key (also one that is missing) or what the key holds. */
export type Part = "key" | "value";

interface Node {
  /** Offset of the key for a mapping's member, of the item for a sequence's. */
  readonly key: number;
  readonly value: number;
}

interface Duplicate {
  readonly path: Path;
  readonly key: number;
  readonly first: number;
}

const QUOTED: readonly number[] = [SCALAR_STYLE.SINGLE_QUOTED, SCALAR_STYLE.DOUBLE_QUOTED];

const idOf = (path: Path): string => JSON.stringify(path.map(String));

/** Where every key and value of a YAML text stands, by path. */
class Positions {
  readonly duplicates: Duplicate[] = [];
  /** Number of documents, and where the second one's content begins. */
  documents = 0;
  second = 0;
  private readonly nodes = new Map<string, Node>();
  private readonly events: readonly Event[];
  private at = 0;

  /** @throws YAMLException when the text is no YAML */
  constructor(private readonly text: string) {
    this.events = parseEvents(text, {});
    while (this.at < this.events.length) {
      this.at += 1;
      this.documents += 1;
      if (this.documents === 2) this.second = this.start(this.text.length);
      this.walk(this.documents === 1 ? [] : [`document ${this.documents}`], this.start(0));
      this.at += 1;
    }
  }

  find(path: Path, part: Part): Position {
    // What is missing stands where its parent does, and what an alias stands for stands at the alias.
    for (let length = path.length; length >= 0; length--) {
      const node = this.nodes.get(idOf(path.slice(0, length)));
      if (node) return this.position(length === path.length ? node[part] : node.key);
    }
    return { line: 1, column: 1 };
  }

  position(offset: number): Position {
    const before = this.text.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: offset - lineStart + 1 };
  }

  private event(): Event {
    return this.events[this.at] as Event;
  }

  /** Offset of the current event; an empty value has none of its own and stands where its key does. */
  private start(key: number): number {
    const event = this.event();
    if (event.type === EVENT_ID.SCALAR && event.valueStart >= 0) {
      return QUOTED.includes(event.style) ? event.valueStart - 1 : event.valueStart;
    }
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
    return event.type === EVENT_ID.ALIAS ? event.anchorStart - 1 : key;
  }

  private name(): string {
    return this.event().type === EVENT_ID.SCALAR ? getScalarValue(this.text, this.event() as ScalarEvent) : "";
  }

  /** Records the node that begins at the current event, and moves behind it. */
  private walk(path: Path, key: number): void {
    this.nodes.set(idOf(path), { key, value: this.start(key) });
    const { type } = this.event();
    this.at += 1;
    if (type === EVENT_ID.MAPPING) this.walkMembers(path);
    if (type === EVENT_ID.SEQUENCE) {
      for (let index = 0; this.event().type !== EVENT_ID.POP; index++) this.walk([...path, index], this.start(key));
    }
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) this.at += 1;
  }

  private walkMembers(path: Path): void {
    while (this.event().type !== EVENT_ID.POP) {
      const key = this.start(0);
      const member = [...path, this.name()];
      const earlier = this.nodes.get(idOf(member));
      if (earlier) this.duplicates.push({ path: member, key, first: earlier.key });
      this.skip();
      this.walk(member, key);
    }
  }

  private skip(): void {
    const { type } = this.event();
    this.at += 1;
    if (type === EVENT_ID.SCALAR || type === EVENT_ID.ALIAS) return;
    while (this.event().type !== EVENT_ID.POP) this.skip();
    this.at += 1;
  }
}

/** A parsed YAML file whose mistakes can be shown where they stand. */
export interface YamlDocument {
  readonly value: object;
  readonly find: (path: Path, part: Part) => Position;
}

const EXAMPLE = "`server_name: example.com`";

const at = (file: string, { line, column }: Position, message: string): string =>
  `${file}:${line}:${column}: ${message}`;

/** A mistake in YAML's own terms. */
const syntaxError = (error: unknown, file: string): Error => {
  if (!(error instanceof YAMLException)) return error as Error;
  const { mark, reason } = error as { mark?: { line: number; column: number }; reason: string };
  const position = mark ? { line: mark.line + 1, column: mark.column + 1 } : { line: 1, column: 1 };
  return new UserError(at(file, position, `no valid YAML: ${reason}`));
};

const positionsOf = (text: string, file: string): Positions => {
  try {
    return new Positions(text);
  } catch (error) {
    throw syntaxError(error, file);
  }
};

const loaded = (text: string, file: string): unknown => {
  try {
    return load(text);
  } catch (error) {
    throw syntaxError(error, file);
  }
};

/** @throws UserError with file, line and column when the text is no YAML with one mapping in it */
export const parseYaml = (text: string, file: string): YamlDocument => {
  const positions = positionsOf(text, file);
  const fail = (offset: number, message: string): never => {
    throw new UserError(at(file, positions.position(offset), message));
  };
  if (positions.documents === 0) fail(0, `the file is empty: it needs at least ${EXAMPLE}`);
  if (positions.documents > 1) fail(positions.second, "a second document begins here: a file holds one environment");
  const repeated = positions.duplicates.map(({ path, key, first }) =>
    at(
      file,
      positions.position(key),
      `\`${path.join(".")}\`: duplicate key, first in line ${positions.position(first).line}`,
    ),
  );
  if (repeated.length > 0) throw new UserError(repeated.join("\n"));
  const value = loaded(text, file);
  const start = positions.find([], "value");
  if (value === null) throw new UserError(at(file, start, `the file is empty: it needs at least ${EXAMPLE}`));
  if (typeof value !== "object" || Array.isArray(value)) {
    const found = Array.isArray(value) ? "a list" : JSON.stringify(value);
    throw new UserError(at(file, start, `expected settings such as ${EXAMPLE}, got ${found}`));
  }
  return { value, find: (path, part) => positions.find(path, part) };
};
