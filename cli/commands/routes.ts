import { UserError } from "../../configs/user-error";
import { explainerOf, explanationText } from "../../constructs/nginx/explain";
import { routes as routesOf } from "../../constructs/nginx/routes";
import { routesText, routingTable } from "../../constructs/nginx/table";
import { prepareSize } from "../../host/prepare";

export interface RoutesOptions {
  readonly json?: boolean;
  /** Method and path. */
  readonly explain?: readonly string[];
  readonly user?: string;
  readonly origin?: string;
}

const requestOf = ({ explain, user, origin }: RoutesOptions) => {
  if (explain === undefined) {
    if (user === undefined && origin === undefined) return undefined;
    throw new UserError("`--user` and `--origin` go with `--explain`", { usage: true });
  }
  const [method, target, ...more] = explain;
  if (method === undefined || target === undefined || more.length > 0) {
    const got = JSON.stringify(explain.join(" "));
    throw new UserError(`\`--explain\`: expected a method and a path, as in GET /_matrix/client/versions, got ${got}`, {
      usage: true,
    });
  }
  return { method, target, ...(user === undefined ? {} : { user }), ...(origin === undefined ? {} : { origin }) };
};

/** Prints the routing table of an environment, or where one request goes and why. */
export const routes = async (name: string, options: RoutesOptions): Promise<void> => {
  const request = requestOf(options);
  const { environment, plan } = await prepareSize(name, process.cwd());
  if (request) {
    const explanation = explainerOf(environment, plan)(request);
    console.log(options.json ? JSON.stringify(explanation, null, 2) : explanationText(explanation).trimEnd());
    return;
  }
  const table = routesOf(environment, plan);
  console.log(options.json ? JSON.stringify(routingTable(table), null, 2) : routesText(table).trimEnd());
};
