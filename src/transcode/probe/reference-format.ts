/** Text formats that name other files: ffmpeg would follow them, so none may ever reach it. */
const formats: readonly { name: string; opening: RegExp }[] = [
  { name: "an HLS playlist", opening: /^#EXTM3U/ },
  { name: "an ffconcat list", opening: /^ffconcat version/ },
  { name: "a DASH manifest or another XML list", opening: /^<(\?xml|MPD|smil|asx|SmoothStreamingMedia)\b/i },
  { name: "a session description", opening: /^v=0\r?\n/ },
  { name: "a playlist", opening: /^\[(playlist|reference)\]/i },
];

/** Names such a format by the file's first bytes; null for everything else. */
export function referenceFormat(head: Uint8Array): string | null {
  const text = Buffer.from(head)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  return formats.find(({ opening }) => opening.test(text))?.name ?? null;
}
