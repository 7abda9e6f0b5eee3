/** A page that explains in one sentence what went wrong. */
export function refusalPage(status: number, reason: string): string {
  return `<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} - local Internet Computer</title>
<style>body { font: 1.1rem/1.5 system-ui; max-width: 40rem; margin: 15vh auto; padding: 0 1rem }</style>
<h1>${status}</h1>
<p>${escapeHtml(reason)}</p>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
