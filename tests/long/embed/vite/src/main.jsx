import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import * as torch2web from "torch2web";
import { App } from "./App.jsx";
import { loadFromSite } from "./site_loader.js";

const app = createRoot(document.getElementById("root"));
Object.assign(globalThis, { torch2web, loadFromSite, app }); // for the test

app.render(
  <StrictMode>
    <App />
  </StrictMode>,
);
