import type { Environment } from "../../configs/environment";
import { type Directive, line } from "./directive";
import { HOST } from "./variables";

/** What Synapse is told of each request. A location that adds one has to repeat all. */
export const forwardedHeaders = (env: Environment): Directive[] => [
  // Overwritten, not appended to: what a client sends in them is hearsay.
  line("proxy_set_header", "X-Forwarded-For", "$remote_addr"),
  line("proxy_set_header", "X-Forwarded-Proto", new URL(env.publicBaseurl).protocol.replace(":", "")),
  line("proxy_set_header", "Host", HOST),
  line("proxy_set_header", "X-Request-ID", "$request_id"),
  // For connections to upstreams that stay open.
  line("proxy_set_header", "Connection", '""'),
];
