// What the server says about itself beyond the answers to operations: see web/guide.go.
export const guide = await (await fetch("playground/guide.json")).json();
