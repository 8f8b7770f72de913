// Sends a request to a GraphQL server, and returns the answer.
export async function ask(url, request, headers) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
  });
  return response.json();
}
