import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The page asks its own origin for everything, so nothing is cross-origin. In production a proxy
// does the same.
const proxy = {
  "/graphql": process.env.TICKETS ?? "http://127.0.0.1:8080",
  "/cart": process.env.CARTS ?? "http://127.0.0.1:8090",
};

export default defineConfig({ plugins: [react()], server: { proxy }, preview: { proxy } });
