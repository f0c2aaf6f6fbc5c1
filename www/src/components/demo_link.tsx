/** To the demo's page, which a development server alone has: there the page of the console says so. */

const demo = document.querySelector<HTMLMetaElement>('meta[name="isolite-demo"]')?.content;

export function DemoLink() {
  if (demo === undefined) return null;
  return (
    <a class="demo-link" href={demo}>
      <strong>Try the demo</strong>
      <span>Every city of the world, found as you type →</span>
    </a>
  );
}
