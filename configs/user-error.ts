/**
 * What ends a command for a reason that the user can mend: printed as one message, without a stack trace. Exit code 1
 * unless `usage` (2) or another is given.
 */
export class UserError extends Error {
  override readonly name = "UserError";

  constructor(
    message: string,
    readonly options: { readonly usage?: boolean; readonly exitCode?: number } = {},
  ) {
    super(message);
  }

  /** By name, since each command is a file of its own with a class of its own. */
  static is(error: unknown): error is UserError {
    return error instanceof Error && error.name === "UserError";
  }
}
