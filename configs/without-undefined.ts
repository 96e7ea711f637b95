type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Keys whose value is undefined are left out, as `exactOptionalPropertyTypes` has it. */
export const withoutUndefined = <T extends object>(value: T): Partial<Defined<T>> =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Partial<Defined<T>>;
