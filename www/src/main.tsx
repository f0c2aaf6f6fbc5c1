/** The console: whoever is logged in sees the page of the address. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { login, readLogin } from "./api/login.ts";
import { Failure } from "./components/failure.tsx";
import { LoginDialog, LoginPage } from "./components/login_form.tsx";
import { Shell } from "./components/shell.tsx";
import { resumeMoves } from "./moves.ts";
import { Page } from "./pages/page.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/pages.css";
import "./styles/grid.css";
import "./styles/sql.css";
import "./styles/demo_link.css";
import "./styles/charts.css";
import "./styles/map.css";
import "./styles/tables.css";

function Console() {
  const [failure, setFailure] = useState<unknown>();
  const begin = () => {
    setFailure(undefined);
    readLogin().catch((error: unknown) => setFailure(error));
  };
  useEffect(begin, []);
  const isLoggedIn = login.value === "given";
  useEffect(() => {
    if (isLoggedIn) resumeMoves();
  }, [isLoggedIn]);
  switch (login.value) {
    case "unknown":
      if (failure === undefined) return <main aria-busy="true" />;
      return <main><Failure error={failure} onRetry={begin} /></main>;
    case "none":
      return <LoginPage />;
    default:
      return (
        <>
          <Shell><Page /></Shell>
          {login.value === "expired" && <LoginDialog />}
        </>
      );
  }
}

const root = document.getElementById("app");
if (root !== null) render(<Console />, root);
