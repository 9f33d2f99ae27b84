// One request of an HTTP API; `body` is made JSON, and so is the answer: { status, headers, body }.
export async function request(url, method, body, headers = {}) {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = answer.headers.get("content-type")?.includes("json");
  return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
}
