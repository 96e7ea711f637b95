/** What a Matrix client does, over plain HTTP, each request with a mark that Synapse's own log repeats. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** Stands in the query string, and so in the access log of the process that served the request. */
  readonly mark: string;
}

let count = 0;

export class MatrixClient {
  /** @param authorization - header of every request */
  constructor(
    private readonly baseUrl: string,
    private readonly authorization?: string,
  ) {}

  withToken(token: string): MatrixClient {
    return new MatrixClient(this.baseUrl, `Bearer ${token}`);
  }

  /** As another server, whose signature nobody would take. */
  asServer(origin: string): MatrixClient {
    return new MatrixClient(
      this.baseUrl,
      `X-Matrix origin="${origin}",destination="localhost",key="ed25519:a",sig="x"`,
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of a hundred endpoints, read by tests only
  async request<T = any>(
    method: string,
    path: string,
    body?: unknown,
    options: {
      readonly contentType?: string;
      readonly query?: Record<string, string>;
      readonly mark?: string;
      /** @default - as long as it takes */
      readonly timeoutMs?: number;
    } = {},
  ): Promise<Answer<T>> {
    count += 1;
    const mark = options.mark ?? `mark${process.pid}x${count}x`;
    const query = new URLSearchParams({ ...options.query, kit: mark });
    const raw = body instanceof Uint8Array;
    const response = await fetch(`${this.baseUrl}${path}?${query}`, {
      method,
      // Single sign-on sends browsers to places that tests have nothing to do with.
      redirect: "manual",
      ...(options.timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(options.timeoutMs) }),
      headers: {
        ...(this.authorization === undefined ? {} : { Authorization: this.authorization }),
        ...(body === undefined ? {} : { "Content-Type": options.contentType ?? "application/json" }),
      },
      ...(body === undefined ? {} : { body: raw ? Buffer.from(body as Uint8Array) : JSON.stringify(body) }),
    });
    const type = response.headers.get("content-type") ?? "";
    const content = type.includes("json") ? await response.json() : new Uint8Array(await response.arrayBuffer());
    return { status: response.status, body: content as T, mark };
  }

  /** Registers with the dummy stage of open registration, in the two steps that every client takes. */
  async register(username: string, password: string): Promise<Answer<{ access_token: string; user_id: string }>> {
    const first = await this.request("POST", "/_matrix/client/v3/register", { username, password });
    // The same operation must come again, query string included.
    const again = { username, password, auth: { type: "m.login.dummy", session: first.body.session } };
    return this.request("POST", "/_matrix/client/v3/register", again, { mark: first.mark });
  }

  login(username: string, password: string): Promise<Answer<{ access_token: string; user_id: string }>> {
    return this.request("POST", "/_matrix/client/v3/login", {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: username },
      password,
    });
  }
}
