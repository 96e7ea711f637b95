/** Program and arguments of a health check for images that have no curl: busybox and GNU know the same options. */
export const askHttp = (port: number, path: string): string[] => [
  "wget",
  "-q",
  "-O",
  "/dev/null",
  `http://127.0.0.1:${port}${path}`,
];
