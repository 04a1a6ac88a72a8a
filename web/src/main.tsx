// Where the page begins.

import "./styles/index.css";
import "./preferences.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { keepShell } from "./shell.ts";

const place = document.getElementById("app");
if (place) render(<App />, place);
keepShell();
