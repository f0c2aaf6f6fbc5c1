/** The messages, and the works that go on: in a corner, over the page. */

import { close, messages } from "../messages.ts";
import { works } from "../works.ts";
import { Icon } from "./icon.tsx";
import { Progress } from "./progress.tsx";

export function Messages() {
  return (
    <aside class="messages" aria-label="Messages">
      {works.value.map((work) => <Progress key={work.id} work={work} />)}
      <div role="status" aria-live="polite">
        {messages.value.map(({ id, text, kind }) => (
          <div key={id} class={`message ${kind}`}>
            <p>{text}</p>
            <button type="button" class="quiet" aria-label="Close" onClick={() => close(id)}>
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </aside>
  );
}
