/** The admin token, asked for on a page of its own or over another one. */

import { useEffect, useRef, useState } from "preact/hooks";
import { logIn } from "../api/login.ts";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { Form } from "./form.tsx";
import { Sign } from "./icon.tsx";

export function LoginForm() {
  const [token, setToken] = useState("");
  const fields = useRef<HTMLDivElement>(null);
  useEffect(() => fields.current?.querySelector("input")?.focus(), []);
  return (
    <Form onSubmit={() => logIn(token)} action="Log in" ready={token.trim() !== ""}>
      <div ref={fields}>
        <Field
          label="Admin token"
          type="password"
          name="token"
          autocomplete="current-password"
          spellcheck={false}
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          hint={<>The secret <code>ISOLITE_ADMIN_TOKEN</code> of this Worker.</>}
        />
      </div>
    </Form>
  );
}

export function LoginPage() {
  useEffect(() => {
    document.title = "Log in · Isolite";
  }, []);
  return (
    <main class="login">
      <Sign />
      <h1>Isolite</h1>
      <LoginForm />
    </main>
  );
}

export function LoginDialog() {
  return (
    <Dialog title="Your login has ended">
      <p>Log in again to go on. Nothing on the page is lost.</p>
      <LoginForm />
    </Dialog>
  );
}
