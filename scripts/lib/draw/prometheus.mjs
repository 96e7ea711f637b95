// Questions to Prometheus' HTTP interface.

const ask = async (url, path, parameters) => {
  const response = await fetch(`${url}/api/v1/${path}`, { method: "POST", body: new URLSearchParams(parameters) });
  const { status, data, error } = await response.json();
  if (status !== "success") throw new Error(`${error}: ${parameters.query}`);
  return data.result;
};

/** @returns {Promise<{labels: object, value: number}[]>} */
export const instant = async (url, query, time) =>
  (await ask(url, "query", { query, time })).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));

/** @returns {Promise<{labels: object, points: [seconds: number, value: number][]}[]>} */
export const range = async (url, query, { start, end, step }) =>
  (await ask(url, "query_range", { query, start, end, step })).map(({ metric, values }) => ({
    labels: metric,
    points: values.map(([at, value]) => [at, Number(value)]),
  }));
