// What the page needs from the server and cannot query with GraphQL: see web/guide.go.
export const guide = await (await fetch("playground/guide.json")).json();
