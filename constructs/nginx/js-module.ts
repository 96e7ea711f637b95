import type { Plan } from "../../sizing/plan";
import { type Directive, line } from "./directive";

/** Where official images and Debian keep it. */
const MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/** In front of everything else in nginx.conf, where a script is used. */
export const jsModule = ({ nginx }: Plan): Directive[] =>
  nginx.tokenOwners !== undefined || nginx.countsRequests || nginx.watchesPresence ? [line("load_module", MODULE)] : [];
